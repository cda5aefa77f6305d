import { sameSet, upTo, watch } from './bus-subject.js';
import type { StagedLaw } from './staged-law.js';

/** That a consumer takes what it can bear, and ends well. */
export const flowLaws: readonly StagedLaw[] = [
  {
    name: 'holds no more than it prefetches and runs no more than its concurrency',
    check: async (stage, demand) => {
      const from = stage.topic();
      let running = 0;
      let most = 0;
      let mostHeld = 0;
      const consumer = watch(stage.bus(), from, { group: 'g', concurrency: 3, prefetch: 5 }, async () => {
        running++;
        most = Math.max(most, running);
        mostHeld = Math.max(mostHeld, consumer.subscription.snapshot().held);
        await stage.sleep(2);
        running--;
      });
      await consumer.ready;
      const bus = stage.bus();
      await Promise.all(upTo(60).map(n => bus.publish(from, { n })));
      await stage.until(() => consumer.seen.length >= 60, 10_000);
      demand(sameSet(consumer.seen, upTo(60)), 'all 60', consumer.seen.length);
      demand(most <= 3 && mostHeld <= 5, 'at most 3 running and 5 held', [most, mostHeld]);
    },
  },
  {
    name: 'leaves to a peer what a slow member has no room for',
    needs: ({ dealsInTurn }) => dealsInTurn !== true,
    check: async (stage, demand) => {
      const from = stage.topic();
      let stuck = true;
      const slow = watch(stage.bus(), from, { group: 'g', prefetch: 1, concurrency: 1 }, async () => {
        while (stuck) await stage.sleep(20);
      });
      const quick = watch(stage.bus(), from, { group: 'g', prefetch: 1, concurrency: 1 });
      await Promise.all([slow.ready, quick.ready]);
      const bus = stage.bus();
      for (const n of upTo(20)) await bus.publish(from, { n });
      const came = await stage.until(() => quick.seen.length >= 18, 5_000);
      stuck = false;
      demand(came, 'nearly all at the quick one', quick.seen);
    },
  },
  {
    name: 'begins nothing while it is paused',
    check: async (stage, demand) => {
      const from = stage.topic();
      const consumer = watch(stage.bus(), from, { group: 'g' });
      await consumer.ready;
      consumer.subscription.pause();
      const bus = stage.bus();
      for (const n of upTo(5)) await bus.publish(from, { n });
      await stage.pass(300);
      const before = consumer.seen.length;
      consumer.subscription.resume();
      await stage.until(() => consumer.seen.length >= 5);
      demand(before === 0 && sameSet(consumer.seen, upTo(5)), 'nothing, then all 5', [before, consumer.seen]);
    },
  },
  {
    name: 'lets handlers finish when it drains, and gives the rest to a peer',
    check: async (stage, demand) => {
      const from = stage.topic();
      let asked = false;
      const first = watch(stage.bus(), from, { group: 'g', concurrency: 1, prefetch: 4 }, async () => {
        while (!asked) await stage.sleep(20);
        await stage.sleep(200);
      });
      await first.ready;
      const bus = stage.bus();
      for (const n of upTo(4)) await bus.publish(from, { n });
      await stage.until(() => first.subscription.snapshot().running > 0);
      const draining = first.subscription.drain({ timeoutMs: 10_000 });
      asked = true;
      await stage.pass(300);
      const { finished } = await draining;
      const later = watch(stage.bus(), from, { group: 'g', concurrency: 4 });
      await stage.until(() => first.seen.length + later.seen.length >= 4);
      const all = [...first.seen, ...later.seen];
      demand(finished === 1 && first.seen.length === 1, 'one to finish', first.seen);
      demand(sameSet(all, upTo(4)), 'each of 4 once', all);
    },
  },
  {
    name: 'aborts handlers that outlast the drain, and gives their messages back',
    check: async (stage, demand) => {
      const from = stage.topic();
      let aborted = false;
      const options = { group: 'g', leaseMs: 30_000 } as never;
      const first = stage.bus().subscribe(from, options, (_, { signal }) => {
        return new Promise(resolve => {
          signal.addEventListener('abort', () => {
            aborted = true;
            resolve(undefined);
          });
        });
      });
      await first.ready;
      const bus = stage.bus();
      await bus.publish(from, { n: 1 });
      await stage.until(() => first.snapshot().running > 0);
      const draining = first.drain({ timeoutMs: 100 });
      await stage.pass(200);
      const { released } = await draining;
      const later = watch(stage.bus(), from, { group: 'g' });
      await stage.until(() => later.seen.length >= 1);
      demand(aborted && released === 1, 'an abort, and one released', [aborted, released]);
      demand(sameSet(later.seen, [1]), 'the message at a peer', later.seen);
    },
  },
  {
    name: 'survives a storm of members that come and go',
    check: async (stage, demand) => {
      const from = stage.topic();
      const first = watch(stage.bus(), from, { group: 'g' });
      await first.ready;
      await first.subscription.close();
      const bus = stage.bus();
      await Promise.all(
        upTo(8).map(async () => {
          const member = watch(bus, from, { group: 'g' });
          await member.ready;
          await member.subscription.close();
        }),
      );
      const last = watch(bus, from, { group: 'g', concurrency: 4 });
      await last.ready;
      for (const n of upTo(30)) await bus.publish(from, { n });
      await stage.until(() => last.seen.length >= 30);
      demand(sameSet(last.seen, upTo(30)), 'all 30', last.seen);
    },
  },
  {
    name: 'refuses to publish and to subscribe once it is closed, and closes twice',
    check: async (stage, demand) => {
      const bus = stage.bus();
      await bus.connect();
      await Promise.all([bus.close(), bus.close()]);
      const code = await bus.publish(stage.topic(), { n: 1 }).then(
        () => 'published',
        (error: { readonly code?: string }) => error.code,
      );
      let subscribed: unknown = 'subscribed';
      try {
        watch(bus, stage.topic(), { group: 'g' });
      } catch (error) {
        subscribed = (error as { readonly code?: string }).code;
      }
      demand(code === 'ERR_BUS_CLOSED' && subscribed === code, 'ERR_BUS_CLOSED twice', [code, subscribed]);
    },
  },
];

const refuses = (sent: Promise<unknown>): Promise<unknown> =>
  sent.then(
    () => 'sent',
    (error: { readonly code?: string }) => error.code,
  );

/** That time can be said, or is refused. */
export const timeLaws: readonly StagedLaw[] = [
  {
    name: 'publishes for later, no earlier than it was told',
    check: async (stage, demand) => {
      const from = stage.topic();
      const consumer = watch(stage.bus(), from, { group: 'g' });
      await consumer.ready;
      const bus = stage.bus();
      const sent = bus.publish(from, { n: 1 }, { delayMs: 600 } as never);
      if (stage.capabilities.delayedPublish === 'none') {
        demand((await refuses(sent)) === 'ERR_UNSUPPORTED', 'ERR_UNSUPPORTED', await refuses(sent));
        return;
      }
      const from0 = stage.clock.now();
      await Promise.all([sent, bus.publish(from, { n: 2 })]);
      // On a busy machine the second may be stored only when the first is due: neither has to be first then.
      const late = stage.clock.now() - from0 >= 600;
      await stage.until(() => consumer.seen.length >= 2);
      const waited = stage.clock.now() - from0;
      const order = JSON.stringify(consumer.seen);
      demand((order === '[2,1]' || (late && order === '[1,2]')) && waited >= 590, '2, and 1 after 600 ms', [
        consumer.seen,
        waited,
      ]);
    },
  },
  {
    name: 'hands out nothing whose end has come',
    check: async (stage, demand) => {
      const from = stage.topic();
      const first = watch(stage.bus(), from, { group: 'g' });
      await first.ready;
      await first.subscription.close();
      const bus = stage.bus();
      const sent = bus.publish(from, { n: 1 }, { ttlMs: 200 } as never);
      if (stage.capabilities.ttl === 'none') {
        demand((await refuses(sent)) === 'ERR_UNSUPPORTED', 'ERR_UNSUPPORTED', await refuses(sent));
        return;
      }
      await sent;
      await bus.publish(from, { n: 2 });
      await stage.pass(500);
      const later = watch(bus, from, { group: 'g' });
      await stage.until(() => later.seen.length >= 1);
      await stage.pass(200);
      demand(sameSet(later.seen, [2]), 'only 2', later.seen);
    },
  },
  {
    name: 'hands out what is more urgent first, where it knows of that',
    check: async (stage, demand) => {
      const from = stage.topic();
      const first = watch(stage.bus(), from, { group: 'g' });
      await first.ready;
      await first.subscription.close();
      const bus = stage.bus();
      const sent = bus.publish(from, { n: 1 }, { priority: 0 } as never);
      if (stage.capabilities.priorities === 0) {
        demand((await refuses(sent)) === 'ERR_UNSUPPORTED', 'ERR_UNSUPPORTED', await refuses(sent));
        return;
      }
      await sent;
      await bus.publish(from, { n: 2 }, { priority: stage.capabilities.priorities - 1 } as never);
      const later = watch(bus, from, { group: 'g', prefetch: 1 });
      await stage.until(() => later.seen.length >= 2);
      demand(JSON.stringify(later.seen) === '[2,1]', '2 before 1', later.seen);
    },
  },
  {
    name: 'subscribes to patterns, where it knows of them',
    check: async (stage, demand) => {
      const one = stage.topic('eu.placed');
      const two = stage.topic('us.placed.late');
      const base = one.name.split('.')[0]!;
      const seen: string[] = [];
      const bus = stage.bus();
      const subscribe = () =>
        bus.subscribe(
          `${base}.*.eu.*` as never,
          { group: 'g' } as never,
          ({ topic }) => void seen.push(topic),
        );
      if (!stage.capabilities.wildcards) {
        let code: unknown;
        try {
          subscribe();
        } catch (error) {
          ({ code } = error as { readonly code?: string });
        }
        demand(code === 'ERR_UNSUPPORTED', 'ERR_UNSUPPORTED', code);
        return;
      }
      await subscribe().ready;
      const rest: string[] = [];
      await bus.subscribe(
        `${base}.>` as never,
        { group: 'rest' } as never,
        ({ topic }) => void rest.push(topic),
      ).ready;
      await bus.publish(one, { n: 1 });
      await bus.publish(two, { n: 2 });
      await stage.until(() => seen.length >= 1 && rest.length >= 2);
      demand(
        seen.join() === one.name && rest.sort().join() === [one.name, two.name].sort().join(),
        one.name,
        [seen, rest],
      );
    },
  },
];
