import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InMemoryIdempotencyStore } from '../../src/messaging/idempotency.js';
import { InMemoryBus } from '../../src/messaging/in-memory-bus.js';
import { topic } from '../../src/messaging/topic.js';
import { settle } from '../../src/testing/settle.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';

/** A request: how long its answer takes and what it is, and when its caller gives up. */
interface Ask {
  readonly afterMs: number;
  readonly takesMs: number;
  readonly ok: boolean;
  readonly timeoutMs: number;
  readonly abortAfterMs: number;
}

const asked = topic<Ask & { readonly n: number }>('quotes.get');
const asks = fc.array(
  fc.record<Ask>({
    afterMs: fc.nat(20),
    takesMs: fc.constantFrom(0, 5, 20, 60),
    ok: fc.boolean(),
    timeoutMs: fc.constantFrom(10, 40, 1_000),
    abortAfterMs: fc.constantFrom(Infinity, Infinity, 0, 7, 30),
  }),
  { maxLength: 20 },
);

/** The earliest of what may end it; where two come at the same moment either may. */
function endsOf({ takesMs, ok, timeoutMs, abortAfterMs }: Ask, n: number): readonly unknown[] {
  const ends: readonly (readonly [number, unknown])[] = [
    [takesMs, ok ? n : 'ERR_REQUEST_FAILED'],
    [timeoutMs, 'ERR_TIMEOUT'],
    [abortAfterMs, 'gave up'],
  ];
  const first = Math.min(...ends.map(([at]) => at));
  return ends.filter(([at]) => at === first).map(([, end]) => end);
}

describe('requests over a bus', () => {
  it('settle once each, with what came first, and are remembered no longer (BU8)', async () => {
    await fc.assert(
      fc.asyncProperty(asks, async list => {
        const clock = new VirtualClock();
        const bus = new InMemoryBus({ clock });
        const sleep = (ms: number) => new Promise<void>(resolve => clock.schedule(ms, resolve));
        const options = { group: 'g', concurrency: 100, prefetch: 100 } as const;
        await bus.respond(asked, options, async ({ data }) => {
          await sleep(data.takesMs);
          if (!data.ok) throw new Error('no');
          return data.n;
        }).ready;
        const ends: unknown[][] = list.map(() => []);
        for (const [n, ask] of list.entries()) {
          await clock.advance(ask.afterMs);
          const caller = new AbortController();
          bus.request(asked, { ...ask, n }, { timeoutMs: ask.timeoutMs, signal: caller.signal }).then(
            value => ends[n]!.push(value),
            (error: unknown) => ends[n]!.push((error as { code?: string }).code ?? error),
          );
          // The first one waits for its subscription to the answers.
          await settle();
          clock.schedule(ask.abortAfterMs, () => caller.abort('gave up'));
        }
        await clock.advance(5_000);
        for (const [n, ask] of list.entries()) {
          expect(ends[n]).toHaveLength(1);
          expect(endsOf(ask, n)).toContain(ends[n]![0]);
        }
        expect(bus.snapshot().requesting).toBe(0);
        await bus.close();
        expect(clock.timers).toBe(0);
      }),
    );
  });
});

/** What a store is asked, of one of a few keys. */
const command = fc.record({
  do: fc.constantFrom('begin' as const, 'begin' as const, 'complete' as const, 'release' as const),
  key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  afterMs: fc.oneof(fc.nat(30), fc.nat(300)),
});

describe('what a group has handled', () => {
  it('is known again within the window, and no more keys than it may hold (BU7)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(command, { maxLength: 60 }),
        fc.integer({ min: 1, max: 6 }),
        async (commands, maxKeys) => {
          const clock = new VirtualClock();
          const store = new InMemoryIdempotencyStore({ maxKeys, ttlMs: 200, clock });
          /** The whole story, the latest word of each key last. */
          let log: { key: string; done: boolean; until: number }[] = [];
          const put = (key: string, done: boolean, until: number): void => {
            log = [...log.filter(entry => entry.key !== key), { key, done, until }].slice(-maxKeys);
          };
          for (const { do: what, key, afterMs } of commands) {
            await clock.advance(afterMs);
            const now = clock.now();
            const known = log.find(entry => entry.key === key && now < entry.until);
            if (what === 'begin') {
              expect(await store.begin(key, 50)).toBe(
                known === undefined ? 'new' : known.done ? 'done' : 'busy',
              );
              if (known === undefined) put(key, false, now + 50);
            } else if (what === 'complete') {
              await store.complete(key);
              put(key, true, now + 200);
            } else {
              await store.release(key);
              log = log.filter(entry => entry.key !== key || entry.done);
            }
            expect(store.size).toBe(log.length);
            expect(store.size).toBeLessThanOrEqual(maxKeys);
          }
        },
      ),
    );
  });
});
