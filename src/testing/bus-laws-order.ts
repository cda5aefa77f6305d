import { upTo, watch } from './bus-subject.js';
import type { StagedLaw } from './staged-law.js';

const keys = ['a', 'b', 'c', 'd'];

/** Whether the numbers of each key rise; a number that is there again stands where it stood. */
function risesByKey(seen: readonly { readonly n: number; readonly key?: string }[]): boolean {
  return keys.every(key => {
    const numbers = seen.filter(sample => sample.key === key).map(({ n }) => n);
    return numbers.every((n, at) => at === 0 || n > numbers[at - 1]!);
  });
}

/** That order holds where it is promised, and is refused where it cannot. */
export const orderLaws: readonly StagedLaw[] = [
  {
    name: 'keeps each key in order across members, and never runs one key twice at a time',
    check: async (stage, demand) => {
      const from = stage.topic();
      const seen: { readonly n: number; readonly key?: string }[] = [];
      const running = new Set<string>();
      let overlapped = 0;
      const consume = (bus: ReturnType<typeof stage.bus>) =>
        bus.subscribe(
          from,
          { group: 'g', order: 'key', concurrency: 8, leaseMs: 30_000 } as never,
          async ({ data }) => {
            if (running.has(data.key!)) overlapped++;
            running.add(data.key!);
            await stage.sleep(1);
            seen.push(data);
            running.delete(data.key!);
          },
        );
      if (stage.capabilities.order !== 'key') {
        let code: unknown;
        try {
          consume(stage.bus());
        } catch (error) {
          ({ code } = error as { readonly code?: string });
        }
        demand(code === 'ERR_UNSUPPORTED', 'ERR_UNSUPPORTED', code);
        return;
      }
      await Promise.all(upTo(3).map(() => consume(stage.bus()).ready));
      const bus = stage.bus();
      for (const n of upTo(200)) await bus.publish(from, { n, key: keys[n % keys.length]! });
      await stage.until(() => seen.length >= 200, 20_000);
      demand(seen.length === 200, '200 messages', seen.length);
      demand(risesByKey(seen) && overlapped === 0, 'each key in order, one at a time', overlapped);
    },
  },
  {
    name: 'keeps a key in order through a redelivery, while other keys go on',
    needs: ({ order }) => order === 'key',
    check: async (stage, demand) => {
      const from = stage.topic();
      const seen: string[] = [];
      const failure = { redeliver: Array.from({ length: 30 }, () => 300) };
      const options = { group: 'g', order: 'key', concurrency: 8, failure };
      const sub = stage.bus().subscribe(from, options as never, ({ data }) => {
        // However slow the broker is: it fails until all of the other key are through.
        if (data.key === 'a' && data.n === 1 && !seen.includes('b5')) throw new Error('not yet');
        seen.push(`${data.key}${data.n}`);
      });
      await sub.ready;
      const bus = stage.bus();
      for (const n of upTo(5)) for (const key of ['a', 'b']) await bus.publish(from, { n, key });
      await stage.until(() => seen.length >= 10, 5_000);
      const ofKey = (key: string) => seen.filter(text => text.startsWith(key)).join();
      demand(ofKey('a') === 'a1,a2,a3,a4,a5' && ofKey('b') === 'b1,b2,b3,b4,b5', 'both keys in order', seen);
      demand(seen.indexOf('b5') < seen.indexOf('a1'), 'b to go on while a waits', seen);
    },
  },
  {
    name: 'keeps a whole topic in order, through a redelivery too',
    needs: ({ order }) => order !== 'none',
    check: async (stage, demand) => {
      const from = stage.topic();
      let failures = 1;
      const options = { group: 'g', order: 'topic', concurrency: 4, failure: { redeliver: [200] } };
      const members = upTo(2).map(() =>
        watch(stage.bus(), from, options, n => {
          if (n === 3 && failures-- > 0) throw new Error('not yet');
        }),
      );
      await Promise.all(members.map(member => member.ready));
      const all: number[] = [];
      for (const member of members)
        member.subscription.on('handled', ({ id }) => void all.push(Number(id.slice(3))));
      const bus = stage.bus();
      for (const n of upTo(30)) await bus.publish(from, { n }, { id: `id-${n}` } as never);
      await stage.until(() => members.flatMap(member => member.seen).length >= 30, 10_000);
      await stage.until(() => all.length >= 30);
      demand(JSON.stringify(all) === JSON.stringify(upTo(30)), '1 to 30 in order', all);
    },
  },
];
