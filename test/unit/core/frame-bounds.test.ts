import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameBounds, goingAway } from '../../../src/core/frame-bounds.js';

/** One frame, as RFC 6455, 5.2 writes it. */
function frame(opcode: number, length: number, mask = false): Uint8Array {
  const head = [0x80 | opcode];
  const bit = mask ? 0x80 : 0;
  if (length < 126) head.push(bit | length);
  else if (length < 65_536) head.push(bit | 126, length >> 8, length & 255);
  else head.push(bit | 127, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 255, length & 255);
  // Read as a head, a mask would be one of a frame that closes.
  return Uint8Array.from([...head, ...(mask ? [0x88, 1, 3, 4] : []), ...new Uint8Array(length).fill(0x88)]);
}

const lengths = [0, 1, 125, 126, 127, 300, 65_535, 65_536];

describe('the bounds of frames', () => {
  it.each(lengths.flatMap(length => [false, true].map(mask => [length, mask] as const)))(
    'are found for %d bytes, masked: %s',
    (length, mask) => {
      const bounds = new FrameBounds();
      const bytes = frame(2, length, mask);
      expect(bounds.take(bytes.subarray(0, bytes.length - 1), false)).toBe(bytes.length - 1);
      expect(bounds.atBound).toBe(false);
      expect(bounds.take(bytes.subarray(bytes.length - 1), false)).toBe(1);
      expect([bounds.atBound, bounds.closed]).toEqual([true, false]);
    },
  );

  it('are where the frames end, however the bytes come', () => {
    const part = fc.record({ length: fc.nat(400), mask: fc.boolean(), opcode: fc.nat(7) });
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 6 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 200 })),
        (parts, cuts) => {
          const frames = parts.map(({ opcode, length, mask }) => frame(opcode, length, mask));
          const all = Uint8Array.from(frames.flatMap(one => [...one]));
          const ends = frames.map((_, at) =>
            frames.slice(0, at + 1).reduce((sum, one) => sum + one.length, 0),
          );
          const bounds = new FrameBounds();
          for (let at = 0; at < all.length; ) {
            const to = at + cuts.next().value!;
            expect(bounds.take(all.subarray(at, to), false)).toBe(Math.min(to, all.length) - at);
            at = Math.min(to, all.length);
            expect(bounds.atBound).toBe(ends.includes(at));
          }
          expect(bounds.closed).toBe(false);
        },
      ),
    );
  });

  it('are where it stops, if it is to', () => {
    const bounds = new FrameBounds();
    const two = Uint8Array.from([...frame(1, 5), ...frame(1, 9)]);
    expect(bounds.take(two.subarray(0, 3), true)).toBe(0);
    expect(bounds.take(two.subarray(0, 3), false)).toBe(3);
    expect(bounds.take(two.subarray(3), true)).toBe(4);
    expect(bounds.atBound).toBe(true);
    expect(bounds.take(two.subarray(7), true)).toBe(0);
  });

  it('know a frame that closes', () => {
    const bounds = new FrameBounds();
    expect(bounds.take(goingAway(), false)).toBe(4);
    expect([bounds.atBound, bounds.closed]).toEqual([true, true]);
    expect(goingAway()).toEqual(Uint8Array.of(0x88, 2, 1001 >> 8, 1001 & 255));
  });
});
