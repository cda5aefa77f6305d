import { describe, expect, it } from 'vitest';
import { aggregate } from '../../../src/proxy/aggregate.js';
import { optional, part } from '../../../src/proxy/part.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { Gate } from '../../fixtures/gate.js';

const failing = new Error('asleep');

function setUp() {
  const clock = new VirtualClock();
  const gate = new Gate();
  const user = part(gate.operation('user'));
  const page = aggregate(
    { user, again: user, tips: optional(gate.operation('tips')), slow: optional(gate.operation('slow')) },
    { clock, timeoutMs: 100 },
  );
  return { clock, gate, page };
}

async function collect(parts: AsyncIterable<unknown>, into: unknown[]): Promise<void> {
  for await (const one of parts) into.push(one);
}

describe('the stream of an answer', () => {
  it('tells of each part as it comes, by each of its names, and of what is late at the end', async () => {
    const { clock, gate, page } = setUp();
    const seen: unknown[] = [];
    const end = collect(page.stream(), seen);
    await settle();
    gate.fail('tips', failing);
    await settle();
    expect(seen).toEqual([{ ok: false, part: 'tips', why: 'failed', error: failing }]);
    gate.end('user');
    await settle();
    expect(seen.slice(1)).toEqual([
      { ok: true, part: 'user', value: 'user' },
      { ok: true, part: 'again', value: 'user' },
    ]);
    await clock.advance(100);
    await end;
    expect(seen.slice(3)).toMatchObject([{ ok: false, part: 'slow', why: 'timeout' }]);
    expect(clock.timers).toBe(0);
  });

  it('tells of those that starve when it is known that they will', async () => {
    const hidden = part(() => Promise.reject<number>(failing));
    const page = aggregate({
      user: () => 7,
      starves: optional(part({ hidden }, (_, __: unknown, got) => got.hidden)),
    });
    const seen: unknown[] = [];
    await collect(page.stream(), seen);
    expect(seen).toEqual([
      { ok: true, part: 'user', value: 7 },
      { ok: false, part: 'starves', why: 'needs', error: failing },
    ]);
  });

  it('begins nothing before it is asked', async () => {
    const { gate, page } = setUp();
    const parts = page.stream();
    await settle();
    expect(gate.started).toEqual([]);
    await parts.return();
  });

  it('gives up what runs when it is left', async () => {
    const { clock, gate, page } = setUp();
    const parts = page.stream();
    const first = parts.next();
    await settle();
    gate.end('tips');
    expect(await first).toMatchObject({ value: { part: 'tips' } });
    const { signal } = gate.contexts.get('slow')!;
    await parts.return();
    expect(signal.reason).toMatchObject({ code: 'ERR_ABANDONED' });
    expect([clock.timers, page.snapshot().running]).toEqual([0, 0]);
  });

  it('throws, after all that came, what fails the whole', async () => {
    const { gate, page } = setUp();
    const seen: unknown[] = [];
    const end = collect(page.stream(), seen);
    await settle();
    gate.end('tips');
    gate.fail('user', failing);
    await expect(end).rejects.toBe(failing);
    expect(seen).toMatchObject([{ part: 'tips' }]);
  });

  it('throws what its caller did wrong', async () => {
    const { page } = setUp();
    await expect(collect(page.stream(undefined, { timeoutMs: -1 }), [])).rejects.toThrow(RangeError);
  });
});
