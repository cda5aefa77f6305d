import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Cache } from '../../src/resilience/cache.js';
import { settle } from '../../src/testing/settle.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';

const rules = { ttlMs: 10, staleWhileRevalidateMs: 10, staleIfErrorMs: 25 };
const keys = ['a', 'b'];

/** A run of the operation, which ends when the test says so. */
interface Run {
  readonly key: string;
  /** Nobody has taken its key away, and somebody waits for it. */
  current: boolean;
  readonly resolve: (value: string) => void;
  readonly reject: (error: string) => void;
}

/** The cache as a log: what was kept last for each key and when, and which calls wait for which run. */
class NaiveCache {
  readonly kept = new Map<string, { readonly value: string; readonly at: number }>();
  readonly waiting: { readonly run: Run; readonly spare: boolean; readonly call: Call }[] = [];
  now = 0;

  /** The age of what was kept for a key. */
  age(key: string): number {
    return this.now - (this.kept.get(key)?.at ?? -Infinity);
  }

  end(run: Run, ok: boolean, result: string): void {
    const waiting = this.waiting.filter(each => each.run === run);
    for (const { call, spare } of waiting) {
      const standsIn = spare && this.age(run.key) < rules.ttlMs + rules.staleIfErrorMs;
      call.expected = ok ? result : standsIn ? this.kept.get(run.key)!.value : `failed ${result}`;
    }
    if (ok && run.current) this.kept.set(run.key, { value: result, at: this.now });
    run.current = false;
  }
}

interface Call {
  expected: string | undefined;
  got: string | undefined;
}

/** The real cache and the naive one, driven alike. */
class Pair {
  readonly clock = new VirtualClock();
  readonly cache = new Cache<string>({ ...rules, clock: this.clock, revalidateTimeoutMs: Infinity });
  readonly naive = new NaiveCache();
  readonly runs: Run[] = [];
  readonly calls: Call[] = [];
  #made = 0;

  call(key: string): void {
    const call: Call = { expected: undefined, got: undefined };
    this.calls.push(call);
    const { naive } = this;
    const age = naive.age(key);
    const { ttlMs, staleWhileRevalidateMs } = rules;
    const under = this.runs.find(run => run.key === key && run.current);
    const before = this.runs.length;
    const answer = this.cache.execute(() => this.#run(key), { key });
    answer.then(
      value => {
        call.got = value;
      },
      error => {
        call.got = `failed ${error}`;
      },
    );
    const runs = age < ttlMs || under !== undefined ? 0 : 1;
    expect(this.runs.length - before).toBe(runs);
    if (age < ttlMs + staleWhileRevalidateMs) call.expected = naive.kept.get(key)!.value;
    else {
      const spare = age < ttlMs + rules.staleIfErrorMs;
      naive.waiting.push({ run: under ?? this.runs.at(-1)!, spare, call });
    }
  }

  end(index: number, ok: boolean): void {
    const run = this.runs.splice(index % this.runs.length, 1)[0];
    if (run === undefined) return;
    const result = `${run.key}${this.#made++}`;
    this.naive.end(run, ok, result);
    if (ok) run.resolve(result);
    else run.reject(result);
  }

  set(key: string): void {
    const value = `${key}${this.#made++}`;
    this.cache.set(key, value);
    this.naive.kept.set(key, { value, at: this.naive.now });
    this.#detach(key);
  }

  delete(key: string): void {
    this.cache.delete(key);
    this.naive.kept.delete(key);
    this.#detach(key);
  }

  async pass(ms: number): Promise<void> {
    this.naive.now += ms;
    await this.clock.advance(ms);
  }

  #detach(key: string): void {
    for (const run of this.runs) if (run.key === key) run.current = false;
  }

  #run(key: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.runs.push({ key, current: true, resolve, reject });
    });
  }
}

const key = fc.constantFrom(...keys);
const action = fc.oneof(
  { weight: 5, arbitrary: fc.record({ call: key }) },
  { weight: 3, arbitrary: fc.record({ end: fc.nat(5), ok: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ pass: fc.constantFrom(1, 4, 5, 9, 10) }) },
  { weight: 1, arbitrary: fc.record({ set: key }) },
  { weight: 1, arbitrary: fc.record({ delete: key }) },
);

it('a cache answers each call as the naive cache does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 60, size: 'max' }), async actions => {
      const pair = new Pair();
      for (const each of actions) {
        if ('call' in each) pair.call(each.call);
        else if ('end' in each) pair.end(each.end, each.ok);
        else if ('set' in each) pair.set(each.set);
        else if ('delete' in each) pair.delete(each.delete);
        else await pair.pass(each.pass);
        await settle();
        for (const { got, expected } of pair.calls) expect(got).toBe(expected);
      }
    }),
    { numRuns: 300 },
  );
});
