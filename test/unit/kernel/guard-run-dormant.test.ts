import { describe, expect, it } from 'vitest';
import { pipeline } from '../../../src/kernel/pipeline.js';
import type { Guard } from '../../../src/kernel/policy.js';

/** A guard that can be put to sleep, and what it has seen. */
function dozer(dormant = false) {
  const seen: string[] = [];
  const guard = {
    dormant,
    seen,
    enter: () => {
      seen.push('in');
      return seen;
    },
    exit: () => {
      seen.push('out');
    },
  };
  return guard satisfies Guard;
}

const awake: Guard = { enter: () => true, exit: () => {} };

describe('guards that may be dormant', () => {
  it('are passed by while they are, and met again when they are not', async () => {
    const guard = dozer();
    const run = pipeline(guard, awake);
    await run.execute(() => 7);
    guard.dormant = true;
    expect(await run.execute(() => 7)).toBe(7);
    await run.execute(() => 7, { key: 'a' });
    guard.dormant = false;
    await run.execute(() => 7);
    expect(guard.seen).toEqual(['in', 'out', 'in', 'out']);
  });

  it('may be so from the beginning', async () => {
    const guard = dozer(true);
    const run = pipeline(awake, guard);
    await run.execute(() => 7);
    expect(guard.seen).toEqual([]);
    guard.dormant = false;
    await run.execute(() => 7);
    expect(guard.seen).toEqual(['in', 'out']);
  });

  it('let those out whom they let in, however they have been since', async () => {
    const guard = dozer();
    const run = pipeline(guard, awake);
    let end: (value: unknown) => void = () => {};
    const call = run.execute(
      () =>
        new Promise(resolve => {
          end = resolve;
        }),
    );
    guard.dormant = true;
    await run.execute(() => 7);
    end(1);
    await call;
    expect(guard.seen).toEqual(['in', 'out']);
  });

  it('do not wake each other', async () => {
    const [a, b] = [dozer(), dozer()];
    const run = pipeline(a, awake, b);
    a.dormant = true;
    await run.execute(() => 7);
    a.dormant = false;
    b.dormant = true;
    await run.execute(() => 7);
    await run.execute(() => 7);
    expect([a.seen.length, b.seen.length]).toEqual([4, 2]);
  });

  it('may all be so: then the operation runs alone', async () => {
    const [a, b] = [dozer(true), dozer(true)];
    expect(await pipeline(a, b).execute(() => 7)).toBe(7);
    expect([a.seen, b.seen]).toEqual([[], []]);
  });

  it('are told apart, however many there are', async () => {
    const guards = Array.from({ length: 60 }, (_, place) => dozer(place === 0));
    const run = pipeline(...guards);
    await run.execute(() => 7);
    const last = guards.at(-1)!;
    last.dormant = true;
    await run.execute(() => 7);
    await run.execute(() => 7);
    last.dormant = false;
    await run.execute(() => 7);
    expect(last.seen).toEqual(['in', 'out', 'in', 'out']);
    expect(guards[1]!.seen).toHaveLength(8);
    expect(guards[0]!.seen).toEqual([]);
  });

  it('of whom several change at once are one change', async () => {
    const [a, b] = [dozer(), dozer()];
    const run = pipeline(a, awake, b);
    await run.execute(() => 7);
    a.dormant = b.dormant = true;
    await run.execute(() => 7);
    a.dormant = b.dormant = false;
    await run.execute(() => 7);
    expect([a.seen.length, b.seen.length]).toEqual([4, 4]);
  });
});
