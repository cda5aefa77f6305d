import { describe, expect, it } from 'vitest';
import { microtaskSweep, SweepError } from '../../../src/testing/microtask-sweep.js';

/** One slot and a wait line. A barging one frees the slot and looks at its line a microtask later. */
class Semaphore {
  #free = true;
  readonly #line: (() => void)[] = [];
  readonly #barging: boolean;

  constructor(barging: boolean) {
    this.#barging = barging;
  }

  acquire(): Promise<void> {
    if (!this.#free) return new Promise(resolve => this.#line.push(resolve));
    this.#free = false;
    return Promise.resolve();
  }

  release(): void {
    if (!this.#barging) {
      this.#free = this.#line.length === 0;
      this.#line.shift()?.();
      return;
    }
    this.#free = true;
    queueMicrotask(() => {
      if (!this.#free || this.#line.length === 0) return;
      this.#free = false;
      this.#line.shift()?.();
    });
  }
}

/** The slot is taken and one caller waits for it. */
class Doorway {
  readonly starts: string[] = [];
  readonly #semaphore: Semaphore;

  constructor(barging: boolean) {
    this.#semaphore = new Semaphore(barging);
    void this.#semaphore.acquire();
    this.enter('waiting');
  }

  enter(name: string): void {
    void this.#semaphore.acquire().then(() => {
      this.starts.push(name);
      this.#semaphore.release();
    });
  }

  open(): void {
    this.#semaphore.release();
  }
}

const sweepDoorway = (barging: boolean) =>
  microtaskSweep({
    subject: () => new Doorway(barging),
    trigger: doorway => doorway.open(),
    actions: { arrive: doorway => doorway.enter('late') },
    check: ({ starts }) => (starts[0] === 'waiting' ? undefined : `${starts[0]} went first`),
  });

/** Half-open, with a probe in flight and a call from before the circuit opened still running. */
class Breaker {
  readonly states = ['half-open'];
  epoch = 2;
  readonly #checksEpoch: boolean;

  constructor(checksEpoch: boolean) {
    this.#checksEpoch = checksEpoch;
  }

  async record(ok: boolean, epoch: number): Promise<void> {
    await undefined;
    if (this.#checksEpoch && epoch !== this.epoch) return;
    this.epoch++;
    this.states.push(ok ? 'closed' : 'open');
  }
}

const sweepBreaker = (checksEpoch: boolean) =>
  microtaskSweep({
    subject: () => new Breaker(checksEpoch),
    trigger: breaker => breaker.record(true, 2),
    actions: { 'a late failure': breaker => breaker.record(false, 1) },
    check: ({ states }) => (states.at(-1) === 'closed' ? undefined : states.join(' > ')),
  });

describe('microtaskSweep, on known races', () => {
  it('catches a semaphore that a late caller can barge into, and says when', async () => {
    const error: unknown = await sweepDoorway(true).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SweepError);
    expect((error as Error).message).toContain('  arrive @0: late went first\n');
    expect((error as SweepError).failures.some(({ calls }) => calls[0]!.offset > 1)).toBe(false);
  });

  it('passes a semaphore that hands its slot over', async () => {
    await expect(sweepDoorway(false)).resolves.toEqual({ runs: 170 });
  });

  it('catches a breaker that heeds a late result', async () => {
    await expect(sweepBreaker(false)).rejects.toThrow('a late failure @0: half-open > closed > open');
  });

  it('passes a breaker that knows results by their epoch', async () => {
    await expect(sweepBreaker(true)).resolves.toEqual({ runs: 170 });
  });
});
