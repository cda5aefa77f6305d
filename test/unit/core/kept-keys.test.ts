import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeptKey, KeptKeys, LOOKS } from '../../../src/core/kept-keys.js';

class Entry extends KeptKey {
  busy = false;
  asked = 0;
}

const atRest = (entry: Entry): boolean => {
  entry.asked++;
  return !entry.busy;
};

function filled(maxKeys: number, idleMs = Infinity, count = maxKeys) {
  const kept = new KeptKeys<Entry>({ maxKeys, idleMs });
  const entries = Array.from({ length: count }, (_, index) => new Entry(`k${index}`));
  for (const [index, entry] of entries.entries()) kept.add(entry, index);
  return { kept, entries };
}

const keys = (kept: KeptKeys<Entry>): string[] => [...kept].map(({ key }) => key);

describe('KeptKeys', () => {
  it('takes out the one that was not used for longest', () => {
    const { kept, entries } = filled(3);
    expect(kept.isFull).toBe(true);
    kept.touch(entries[0]!, 10);
    expect(kept.makeRoom(atRest)).toBe(entries[1]);
    expect([kept.size, kept.isFull, kept.peek('k1')]).toEqual([2, false, undefined]);
    expect(keys(kept)).toEqual(['k2', 'k0']);
  });

  it('never takes out one that is busy, and finds it when it is at rest', () => {
    const { kept, entries } = filled(3);
    for (const entry of entries) entry.busy = true;
    expect(kept.makeRoom(atRest)).toBeUndefined();
    expect(kept.makeRoom(atRest)).toBeUndefined();
    entries[2]!.busy = false;
    expect(kept.makeRoom(atRest)).toBe(entries[2]);
    entries[0]!.busy = false;
    expect(kept.makeRoom(atRest)).toBe(entries[0]);
    expect(keys(kept)).toEqual(['k1']);
  });

  it('leaves alone what was taken out', () => {
    const { kept, entries } = filled(2);
    kept.makeRoom(atRest);
    kept.touch(entries[0]!, 5);
    expect(keys(kept)).toEqual(['k1']);
    kept.makeRoom(atRest);
    kept.touch(entries[1]!, 5);
    expect(kept.size).toBe(0);
    expect(kept.makeRoom(atRest)).toBeUndefined();
  });

  it('looks at each entry once for each use, and at few of those that were busy', () => {
    const { kept, entries } = filled(1000);
    for (const entry of entries) entry.busy = true;
    kept.makeRoom(atRest);
    for (let i = 0; i < 100; i++) kept.makeRoom(atRest);
    const asked = entries.reduce((sum, entry) => sum + entry.asked, 0);
    expect(asked).toBe(1000 + 100 * 2 * LOOKS);
    // In turn: the one that comes to rest is found.
    entries[777]!.busy = false;
    let found: Entry | undefined;
    let calls = 0;
    while (found === undefined && calls++ < 1000 / LOOKS + 1) found = kept.makeRoom(atRest);
    expect(found).toBe(entries[777]);
  });

  it('expires what was idle for too long, one or two at a time', () => {
    const { kept, entries } = filled(5, 100);
    entries[1]!.busy = true;
    expect(kept.expire(99, atRest)).toBeUndefined();
    expect(kept.expire(100, atRest)).toBe(entries[0]);
    expect(kept.expire(100, atRest)).toBeUndefined();
    // Busy, and skipped; then the next one.
    expect(kept.expire(102, atRest)).toBeUndefined();
    expect(kept.expire(102, atRest)).toBe(entries[2]);
    entries[1]!.busy = false;
    expect(kept.expire(102, atRest)).toBe(entries[1]);
    expect(kept.expire(1000, atRest)).toBe(entries[3]);
    expect(kept.expire(1000, atRest)).toBe(entries[4]);
    expect(kept.expire(1000, atRest)).toBeUndefined();
  });

  it('finds the longest unused behind busy ones that nobody has looked at, though another was used', () => {
    const { kept, entries } = filled(100);
    for (const entry of entries.slice(0, LOOKS)) entry.busy = true;
    kept.touch(entries[50]!, 1000);
    expect(kept.makeRoom(atRest)).toBe(entries[LOOKS]);
  });

  it('goes on in turn while some of the busy ones are used', () => {
    const { kept, entries } = filled(1000);
    for (const entry of entries) entry.busy = true;
    kept.makeRoom(atRest);
    entries[777]!.busy = false;
    let found: Entry | undefined;
    for (let call = 0; found === undefined && call < 1000 / LOOKS + 1; call++) {
      kept.touch(entries[call]!, 1000 + call);
      found = kept.makeRoom(atRest);
    }
    expect(found).toBe(entries[777]);
  });

  it('looks again at the newest one after it was used', () => {
    const { kept, entries } = filled(3, 100);
    for (const entry of entries) entry.busy = true;
    for (let i = 0; i < 3; i++) expect(kept.expire(1000, atRest)).toBeUndefined();
    kept.touch(entries[2]!, 1000);
    entries[2]!.busy = false;
    expect(kept.expire(1100, atRest)).toBe(entries[2]);
  });

  it('does not expire before its time what was found busy by somebody who needed room', () => {
    const { kept, entries } = filled(2, 100);
    for (const entry of entries) entry.busy = true;
    expect(kept.makeRoom(atRest)).toBeUndefined();
    for (const entry of entries) entry.busy = false;
    expect(kept.expire(99, atRest)).toBeUndefined();
    expect(kept.expire(100, atRest)).toBeUndefined();
    expect(kept.expire(100, atRest)).toBe(entries[0]);
  });

  it('does not expire a busy one that was used meanwhile', () => {
    const { kept, entries } = filled(2, 100);
    entries[0]!.busy = true;
    kept.expire(100, atRest);
    kept.touch(entries[1]!, 150);
    kept.touch(entries[0]!, 160);
    entries[0]!.busy = false;
    expect(kept.expire(200, atRest)).toBeUndefined();
    kept.expire(260, atRest);
    expect(kept.size).toBe(1);
  });
});

describe('KeptKeys beside a naive list', () => {
  const step = fc.oneof(
    fc.record({ use: fc.integer({ min: 0, max: 9 }) }),
    fc.record({ turn: fc.integer({ min: 0, max: 9 }) }),
    fc.record({ expireAfter: fc.integer({ min: 0, max: 30 }) }),
  );

  it('keeps the same keys in the same order, whatever happens', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 120 }), (maxKeys, steps) => {
        const kept = new KeptKeys<Entry>({ maxKeys, idleMs: 20 });
        const entries = Array.from({ length: 10 }, (_, index) => new Entry(String(index)));
        // The naive one: a list, the longest unused first, searched from its beginning.
        let naive: { entry: Entry; usedAt: number }[] = [];
        let now = 0;
        for (const one of steps) {
          now++;
          if ('turn' in one) entries[one.turn]!.busy = !entries[one.turn]!.busy;
          else if ('use' in one) {
            const entry = entries[one.use]!;
            const known = naive.some(other => other.entry === entry);
            expect(kept.peek(entry.key) !== undefined).toBe(known);
            if (known) kept.touch(entry, now);
            else if (kept.isFull) {
              const oldest = naive.find(other => !other.entry.busy)?.entry;
              expect(kept.makeRoom(atRest)).toBe(oldest);
              naive = naive.filter(other => other.entry !== oldest);
              if (oldest === undefined) continue;
            }
            if (!known) kept.add(entry, now);
            naive = [...naive.filter(other => other.entry !== entry), { entry, usedAt: now }];
          } else {
            now += one.expireAfter;
            const gone = kept.expire(now, atRest);
            if (gone === undefined) continue;
            const { usedAt } = naive.find(({ entry }) => entry === gone)!;
            expect(gone.busy || now - usedAt < 20).toBe(false);
            naive = naive.filter(({ entry }) => entry !== gone);
          }
          expect(keys(kept)).toEqual(naive.map(({ entry }) => entry.key));
        }
        // All that is at rest and idle goes in a number of calls that is bounded.
        const later = now + 20;
        for (let i = 0; i < 3 * maxKeys; i++) kept.expire(later, atRest);
        for (const entry of kept) expect(entry.busy).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
