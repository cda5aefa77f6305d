import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { httpDateMs, retryAfterMs } from '../../src/core/retry-after.js';
import { effort } from './effort.js';

const MAX_MS = 60_000;
const nowMs = Date.UTC(2026, 0, 1);

const valid = fc.integer({ min: -62_167_219_200, max: 253_402_300_799 }).chain(seconds => {
  const imf = new Date(seconds * 1000).toUTCString();
  const [, day, month, year, time] = imf.replace(',', '').split(' ') as [
    string,
    string,
    string,
    string,
    string,
  ];
  const rfc850 = `Sunday, ${day}-${month}-${year.slice(-2)} ${time} GMT`;
  return fc.constantFrom(imf, rfc850, `Sun ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`);
});
/** A text that was right before something happened to it. */
const mutated = fc
  .tuple(
    fc.oneof(valid, fc.nat().map(String)),
    fc.nat(40),
    fc.nat(3),
    fc.string({ unit: 'binary', maxLength: 4 }),
  )
  .map(([text, at, cut, put]) => text.slice(0, at) + put + text.slice(at + cut));
const digits = fc.string({ unit: fc.constantFrom(...'0123456789 \t-+.eExX,GMTSun:'), maxLength: 400 });
const headers = fc.oneof(
  valid,
  mutated,
  digits,
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    null,
    undefined,
    '',
    '0',
    '-0',
    '1e3',
    '0x10',
    ' 5 ',
    '٣',
    'Infinity',
    'NaN',
    '9'.repeat(400),
  ),
);

describe('any Retry-After', () => {
  it('is nothing, or a wait between 0 and the cap', () => {
    fc.assert(
      fc.property(headers, fc.double(), (header, now) => {
        const waitMs = retryAfterMs(header, now, MAX_MS);
        expect(waitMs === undefined || (waitMs >= 0 && waitMs <= MAX_MS)).toBe(true);
      }),
      effort(3_000),
    );
  });

  it('is understood only where digits stand alone, or Date reads the same date', () => {
    fc.assert(
      fc.property(fc.oneof(valid, mutated, digits), header => {
        const text = header.trim();
        const waitMs = retryAfterMs(header, nowMs, Number.POSITIVE_INFINITY);
        if (/^\d+$/.test(text)) expect(waitMs).toBe(Number(text) * 1000);
        else
          expect(waitMs).toBe(
            waitMs === undefined ? undefined : Math.max(0, httpDateMs(text, nowMs) - nowMs),
          );
        // The names of days are not looked at, and Date knows no leap seconds.
        const readable = text.replace(/^\w+,? /, '');
        const date = Date.parse(/ GMT$/.test(text) ? readable : `${readable} GMT`);
        if (/^\w{3},/.test(text) && waitMs !== undefined && !/:60 /.test(text) && yearOf(text) >= 100) {
          expect(httpDateMs(text, nowMs)).toBe(date);
        }
      }),
      effort(3_000),
    );
  });

  it('is not taken when it has another letter than the standard has', () => {
    // No NaN, no year of another calendar: whatever is read as a date can be written as one.
    fc.assert(
      fc.property(fc.oneof(mutated, fc.string({ unit: 'binary' })), text => {
        const ms = httpDateMs(text, nowMs);
        expect(Number.isNaN(ms) || Number.isFinite(new Date(ms).getTime())).toBe(true);
      }),
      effort(3_000),
    );
  });
});

/** Date takes a year below 100 for one of this century or the last. */
function yearOf(imf: string): number {
  return Number(imf.split(' ')[3]);
}
