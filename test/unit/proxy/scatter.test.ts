import { describe, expect, it } from 'vitest';
import { firstOf, quorum, scatterGather } from '../../../src/proxy/scatter.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { keyed } from '../../../src/resilience/keyed.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { Gate, settledAs } from '../../fixtures/gate.js';

const failing = new Error('asleep');
const names = ['a', 'b', 'c'];

function setUp() {
  const clock = new VirtualClock();
  const gate = new Gate();
  const ask = (context: Parameters<ReturnType<Gate['operation']>>[0], name: string) =>
    gate.operation(name)(context);
  return { clock, gate, ask, options: { clock, timeoutMs: 100 } };
}

describe('scatterGather', () => {
  it('answers with what became of each, in the order of the list', async () => {
    const { clock, gate, ask, options } = setUp();
    const answer = scatterGather(names, ask, options);
    gate.end('c');
    gate.fail('a', failing);
    await clock.advance(100);
    expect(await answer).toMatchObject([
      { ok: false, endpoint: 'a', why: 'failed', error: failing },
      { ok: false, endpoint: 'b', why: 'timeout', error: { code: 'ERR_TIMEOUT' } },
      { ok: true, endpoint: 'c', value: 'c' },
    ]);
    expect(gate.contexts.get('b')!.signal.aborted).toBe(true);
    expect(clock.timers).toBe(0);
  });

  it('asks so many at a time, and no more (AG1)', async () => {
    let running = 0;
    let most = 0;
    const all = await scatterGather(
      Array.from({ length: 10_000 }, (_, at) => at),
      async (_, at) => {
        most = Math.max(most, ++running);
        await undefined;
        running--;
        if (at === 7) throw failing;
        return at;
      },
      { concurrency: 9 },
    );
    expect([all.length, most]).toEqual([10_000, 9]);
    expect(all.filter(({ ok }) => !ok)).toEqual([{ ok: false, endpoint: 7, why: 'failed', error: failing }]);
  }, 60_000);

  it('answers nothing where nobody is to be asked', async () => {
    expect(await scatterGather([], () => 1)).toEqual([]);
  });

  it('runs each request through the policy', async () => {
    const breakers = keyed(() => new CircuitBreaker(), { maxKeys: 2, key: () => 'k' });
    breakers.get('k').isolate();
    const [one] = await scatterGather(['a'], () => 1, { policy: breakers });
    expect(one).toMatchObject({ why: 'refused', error: { code: 'ERR_CIRCUIT_OPEN' } });
  });

  it('gives all up with its caller, and has no timer without a limit of time', async () => {
    const { clock, gate, ask } = setUp();
    const caller = new AbortController();
    const call = { signal: caller.signal };
    const fate = settledAs(scatterGather(names, ask, { clock, timeoutMs: Infinity }, call));
    expect(clock.timers).toBe(0);
    caller.abort(failing);
    await settle();
    expect(fate.is).toBe(failing);
    gate.end('a');
    await expect(scatterGather(names, ask, {}, call)).rejects.toBe(failing);
    await expect(scatterGather(names, ask, {}, { timeoutMs: 0 })).rejects.toMatchObject({
      code: 'ERR_DEADLINE',
    });
  });

  it('refuses what is none of its options', async () => {
    const ask = () => 1;
    await expect(scatterGather('abc' as never, ask)).rejects.toThrow('`endpoints` must be a list');
    await expect(scatterGather([], 7 as never)).rejects.toThrow('must be a function');
    await expect(scatterGather([], ask, { concurrency: 0 })).rejects.toThrow('`concurrency`');
    await expect(scatterGather([], ask, { timeoutMs: 0 })).rejects.toThrow('`timeoutMs`');
    await expect(scatterGather([], ask, { policy: {} as never })).rejects.toThrow('`policy`');
  });
});

describe('firstOf', () => {
  it('answers with the first success, and gives the others up in the same turn', async () => {
    const { clock, gate, ask, options } = setUp();
    const answer = firstOf(names, ask, options);
    gate.fail('a', failing);
    gate.end('c');
    expect(await answer).toBe('c');
    expect(gate.contexts.get('b')!.signal.reason).toMatchObject({ code: 'ERR_ABANDONED' });
    gate.end('b');
    expect(clock.timers).toBe(0);
  });

  it('fails with all errors, in the order of the list, when all fail', async () => {
    const { clock, gate, ask, options } = setUp();
    const fate = settledAs(firstOf(names, ask, options));
    const errors = names.map(name => new Error(name));
    for (const at of [2, 0, 1]) gate.fail(names[at]!, errors[at]);
    await settle();
    expect(fate.is).toMatchObject({ code: 'ERR_ALL_FAILED', errors, cause: errors[2] });
    expect(clock.timers).toBe(0);
    await expect(firstOf([], ask)).rejects.toMatchObject({ code: 'ERR_ALL_FAILED', errors: [] });
  });

  it('fails when nobody has answered in time', async () => {
    const { clock, gate, ask, options } = setUp();
    const fate = settledAs(firstOf(names, ask, options));
    await clock.advance(100);
    expect(fate.is).toMatchObject({ code: 'ERR_TIMEOUT', timeoutMs: 100 });
    expect(gate.contexts.get('a')!.signal.aborted).toBe(true);
  });
});

describe('quorum', () => {
  it('answers with as many as are wanted, in the order of the list', async () => {
    const { gate, ask, options } = setUp();
    const answer = quorum(2, names, ask, options);
    gate.end('c');
    await settle();
    gate.end('a');
    expect(await answer).toEqual(['a', 'c']);
    expect(gate.contexts.get('b')!.signal.aborted).toBe(true);
  });

  it('fails as soon as so many cannot succeed any more', async () => {
    const { gate, ask, options } = setUp();
    const fate = settledAs(quorum(2, names, ask, options));
    gate.fail('a', failing);
    await settle();
    expect(fate.is).toBe('pending');
    gate.fail('b', failing);
    await settle();
    expect(fate.is).toMatchObject({
      code: 'ERR_ALL_FAILED',
      message: 'scatter: 2 of 3 failed, 2 had to succeed',
    });
    expect(gate.contexts.get('c')!.signal.aborted).toBe(true);
  });

  it.each([0, 4, 1.5])('refuses %j of three', async count => {
    await expect(quorum(count, names, () => 1)).rejects.toThrow('`count` must be an integer >= 1 <= 3');
  });

  it('refuses what is no list', async () => {
    await expect(quorum(1, 7 as never, () => 1)).rejects.toThrow('`endpoints` must be a list');
  });
});
