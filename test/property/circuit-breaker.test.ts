import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CircuitBreaker } from '../../src/resilience/circuit-breaker.js';
import type { CircuitBreakerEvents } from '../../src/resilience/circuit-events.js';
import type { CircuitBreakerOptions } from '../../src/resilience/circuit-options.js';
import { boom, breakerOf } from '../fixtures/breaker.js';
import { type Breaker, endings, kinds, play, steps } from '../fixtures/breaker-script.js';

const names = ['opened', 'halfOpened', 'closed', 'isolated', 'disabled', 'rejected', 'wouldReject'] as const;

function listenBadly({ breaker }: Breaker): void {
  for (const name of names) {
    breaker.on(name, () => {
      throw boom;
    });
    breaker.on(name, (() => Promise.reject(boom)) as () => void);
    breaker.on(name, () => {
      breaker.explain();
      breaker.describe();
      breaker.snapshot();
      breaker.on(name, () => {})();
    });
  }
}

beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => {}));
afterEach(() => vi.restoreAllMocks());

describe('listeners that throw, reject, look around and come and go', () => {
  it('change no result, state, count, event or number of runs (CB12)', async () => {
    await fc.assert(
      fc.asyncProperty(kinds, steps, async (options, script) => {
        const alone = await play(breakerOf(options), script);
        const watched = breakerOf(options);
        listenBadly(watched);
        expect(await play(watched, script)).toEqual(alone);
      }),
    );
  });
});

/** What is done to a breaker by an operation or a listener of its own: a permit that is kept is returned. */
type Deed = (breaker: CircuitBreaker) => unknown;
const orders: readonly Deed[] = [
  breaker => breaker.reset(),
  breaker => breaker.isolate(),
  breaker => breaker.restore(breaker.snapshot()),
];
const acquisitions: readonly Deed[] = [
  breaker => breaker.acquire().failure(boom),
  breaker => breaker.acquire().success(),
  breaker => breaker.acquire(),
];
const deed = fc.constantFrom(...orders, ...acquisitions);

/** A breaker whose listeners and operations call it back, and what was asked of it. */
class Reentrant {
  readonly made: Breaker;
  /** What listeners before and after the others were told of: what one of them throws, nobody hears. */
  readonly early: (readonly [from: string, state: string])[] = [];
  readonly late: (readonly [from: string, state: string])[] = [];
  readonly complaints: unknown[] = [];
  calls = 0;
  held = 0;
  #depth = 0;

  constructor(
    options: CircuitBreakerOptions,
    listeners: readonly (readonly [keyof CircuitBreakerEvents, Deed])[],
  ) {
    this.made = breakerOf(options);
    const { breaker } = this.made;
    const log = (told: (readonly [string, string])[]): void => {
      for (const name of ['opened', 'halfOpened', 'closed', 'isolated'] as const) {
        breaker.on(name, ({ from, state }) => told.push([from, state]));
      }
    };
    log(this.early);
    for (const [name, does] of listeners) {
      // Listeners that call each other without end are not what this is about.
      breaker.on(name, () => {
        if (this.#depth++ < 5) this.#act(does);
      });
    }
    log(this.late);
  }

  #act(does: Deed): void {
    if (acquisitions.includes(does)) this.calls++;
    try {
      if (does(this.made.breaker) !== undefined) this.held++;
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_CIRCUIT_OPEN') this.complaints.push(error);
    }
  }

  async call(ends: keyof typeof endings, inside: readonly Deed[]): Promise<void> {
    this.#depth = 0;
    this.calls++;
    let ran = 0;
    const operation = async (): Promise<void> => {
      ran++;
      for (const does of inside) this.#act(does);
      if (ends !== 'well') throw endings[ends];
    };
    await this.made.breaker.execute(operation).catch(() => {});
    expect(ran).toBeLessThanOrEqual(1);
    await this.made.clock.advance(30);
  }

  check(): void {
    const { state, inFlight, totals } = this.made.breaker.explain();
    const { success, failure, ignored, cancelled, rejected } = totals;
    expect(this.complaints).toEqual([]);
    expect(this.late).toEqual(this.early);
    const states = ['closed', ...this.early.map(([, next]) => next)];
    expect(this.early.map(([from]) => from)).toEqual(states.slice(0, -1));
    expect(state).toBe(states.at(-1));
    expect(inFlight).toBe(this.held);
    expect(success + failure + ignored + cancelled + rejected + inFlight).toBe(this.calls);
  }
}

describe('a breaker that is called from within its operations and listeners', () => {
  it('keeps its books, and tells of each transition once and in order (CB1, CB5, CB10, CB14)', async () => {
    const ends = fc.constantFrom(
      'well' as const,
      'badly' as const,
      'badly' as const,
      'refused inside' as const,
    );
    const calls = fc.array(fc.record({ ends, inside: fc.array(deed, { maxLength: 3 }) }), { maxLength: 30 });
    const listeners = fc.array(fc.tuple(fc.constantFrom(...names), deed), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(kinds, calls, listeners, async (options, calls, listeners) => {
        const reentrant = new Reentrant(options, listeners);
        for (const { ends, inside } of calls) {
          await reentrant.call(ends, inside);
          reentrant.check();
        }
      }),
    );
  });
});
