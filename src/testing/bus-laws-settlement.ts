import type { Capabilities } from '../messaging/capabilities.js';
import type { RawDelivery } from '../messaging/driver.js';
import { InMemoryIdempotencyStore } from '../messaging/idempotency.js';
import { type BusStage, sameSet, upTo, watch } from './bus-subject.js';
import type { StagedLaw } from './staged-law.js';

/** A consumer at the level of the driver, which settles by hand. */
async function hold<C extends Capabilities>(
  stage: BusStage<C>,
  pattern: string,
  group: string,
  credit: number,
) {
  const driver = stage.driver();
  const held: RawDelivery[] = [];
  await driver.connect();
  const spec = {
    pattern,
    group,
    start: 'latest',
    order: 'none',
    leaseMs: stage.leaseMs,
    topology: 'ensure',
  } as const;
  const sink = { deliver: (delivery: RawDelivery) => void held.push(delivery), ready() {}, lost() {} };
  const subscription = await driver.subscribe(spec, sink);
  subscription.request(credit);
  const close = async (): Promise<void> => {
    await subscription.close();
    await driver.close();
  };
  return { held, close, subscription };
}

/** That a settlement means what it says. */
export const settlementLaws: readonly StagedLaw[] = [
  {
    name: 'consumes what is acknowledged, out of order too, and nothing else',
    check: async (stage, demand) => {
      const to = stage.topic();
      const first = await hold(stage, to.name, 'g', 3);
      const bus = stage.bus();
      for (const n of upTo(3)) await bus.publish(to, { n });
      await stage.until(() => first.held.length >= 3);
      const answer = await first.held[1]?.ack();
      demand(answer === 'done', 'done', answer);
      await first.close();
      const later = watch(stage.bus(), to, { group: 'g', leaseMs: stage.leaseMs });
      await stage.until(() => later.seen.length >= 2, 2 * stage.leaseMs);
      await stage.pass(stage.leaseMs);
      demand(sameSet(later.seen, [1, 3]), '1 and 3', later.seen);
    },
  },
  {
    name: 'delivers again what failed, with a count, and then not any more',
    check: async (stage, demand) => {
      const from = stage.topic();
      const attempts: number[] = [];
      const failure = { redeliver: [0, 0] };
      const consumer = watch(stage.bus(), from, { group: 'g', failure }, (_, attempt) => {
        attempts.push(attempt);
        if (attempts.length < 3) throw new Error('not yet');
      });
      await consumer.ready;
      await stage.bus().publish(from, { n: 1 });
      await stage.until(() => consumer.seen.length > 0);
      await stage.pass(200);
      demand(JSON.stringify(attempts) === '[1,2,3]', '1, 2, 3', attempts);
    },
  },
  {
    name: 'redelivers no earlier than it was told',
    check: async (stage, demand) => {
      const from = stage.topic();
      const times: number[] = [];
      const failure = { redeliver: [700] };
      const consumer = watch(stage.bus(), from, { group: 'g', failure }, () => {
        times.push(stage.clock.now());
        if (times.length < 2) throw new Error('not yet');
      });
      await consumer.ready;
      await stage.bus().publish(from, { n: 1 });
      await stage.until(() => times.length >= 2);
      const waited = (times[1] ?? Infinity) - (times[0] ?? 0);
      demand(waited >= 699 && waited <= 700 + stage.slackMs, `700 to ${700 + stage.slackMs} ms`, waited);
    },
  },
  {
    name: 'gives what a member left to another one',
    needs: ({ redeliverOnCrash }) => redeliverOnCrash === 'peer',
    check: async (stage, demand) => {
      const to = stage.topic();
      const first = await hold(stage, to.name, 'g', 1);
      await stage.bus().publish(to, { n: 1 });
      await stage.until(() => first.held.length >= 1);
      await first.close();
      const later = watch(stage.bus(), to, { group: 'g', leaseMs: stage.leaseMs });
      const came = await stage.until(() => later.seen.length >= 1, stage.leaseMs);
      demand(came, 'the message at the other member', later.seen);
    },
  },
  {
    name: 'does not count what is given back untouched, where it can',
    check: async (stage, demand) => {
      const to = stage.topic();
      const first = await hold(stage, to.name, 'g', 1);
      await stage.bus().publish(to, { n: 1 });
      await stage.until(() => first.held.length >= 1);
      const [given] = first.held;
      if (given?.release !== undefined) {
        await first.subscription.pause();
        const answers = [await given.release(), await given.ack()];
        const second = await hold(stage, to.name, 'g', 1);
        await stage.until(() => second.held.length >= 1, stage.leaseMs);
        const told = [...answers, second.held[0]?.attempt, await second.held[0]?.ack()];
        demand(told.join() === 'done,stale,1,done', 'done, stale, the first delivery, done', told);
        await second.close();
      }
      await first.close();
    },
  },
  {
    name: 'answers stale to who has lost the lease, and keeps the new holder’s',
    needs: ({ extendLease }) => extendLease,
    check: async (stage, demand) => {
      const to = stage.topic();
      const first = await hold(stage, to.name, 'g', 1);
      await stage.bus().publish(to, { n: 1 });
      await stage.until(() => first.held.length >= 1);
      await first.subscription.pause();
      const second = await hold(stage, to.name, 'g', 1);
      await stage.until(() => second.held.length >= 1, 2 * stage.leaseMs);
      const answers = [await first.held[0]?.ack(), await first.held[0]?.nack(0), await second.held[0]?.ack()];
      demand(JSON.stringify(answers) === '["stale","stale","done"]', 'stale, stale, done', answers);
      await first.close();
      await second.close();
    },
  },
  {
    name: 'delivers once what takes three leases to handle',
    needs: ({ extendLease }) => extendLease,
    check: async (stage, demand) => {
      const from = stage.topic();
      // Long enough that it does not end, where all is slow, before somebody comes to extend it.
      const leaseMs = Math.max(stage.leaseMs, Math.min(stage.slackMs, 2_000));
      const begun: number[] = [];
      const slow = async (n: number): Promise<void> => {
        begun.push(n);
        await stage.sleep(3 * leaseMs);
      };
      const options = { group: 'g', leaseMs, prefetch: 2 };
      const members = upTo(2).map(() => watch(stage.bus(), from, options, slow));
      await Promise.all(members.map(member => member.ready));
      const bus = stage.bus();
      // The last ones wait in the process for their turn, and must not be lost to that either.
      for (const n of upTo(3)) await bus.publish(from, { n });
      await stage.until(() => members.flatMap(member => member.seen).length >= 3, 12 * leaseMs);
      demand(sameSet(begun, upTo(3)), 'each of 3 once', begun);
    },
  },
  {
    name: 'handles once what was published twice under one id, where that can be known',
    check: async (stage, demand) => {
      const from = stage.topic();
      const native = stage.capabilities.dedupe !== 'none';
      const idempotency = native ? {} : { idempotency: new InMemoryIdempotencyStore({ clock: stage.clock }) };
      const consumer = watch(stage.bus(), from, { group: 'g', ...idempotency });
      await consumer.ready;
      const bus = stage.bus();
      for (const n of [1, 1, 2]) await bus.publish(from, { n }, { id: `id-${n}` } as never);
      await stage.until(() => consumer.seen.length >= 2);
      await stage.pass(300);
      demand(sameSet(consumer.seen, [1, 2]), '1 and 2, once each', consumer.seen);
    },
  },
];
