import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { httpDateMs, retryAfterMs } from '../../src/core/retry-after.js';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
/** Any second of the years 0000 to 9999. */
const instants = fc.integer({ min: -62_167_219_200, max: 253_402_300_799 }).map(seconds => seconds * 1000);

function forms(ms: number): { imf: string; rfc850: string; asctime: string } {
  const date = new Date(ms);
  const imf = date.toUTCString();
  const [, day, month, year, time] = imf.replace(',', '').split(' ') as [
    string,
    string,
    string,
    string,
    string,
  ];
  const name = DAYS[date.getUTCDay()]!;
  return {
    imf,
    rfc850: `${name}, ${day}-${month}-${year.slice(-2)} ${time} GMT`,
    asctime: `${name.slice(0, 3)} ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`,
  };
}

describe('retryAfterMs', () => {
  it('agrees with Date on every date of four-digit years, in the long-lived forms', () => {
    fc.assert(
      fc.property(instants, ms => {
        expect(httpDateMs(forms(ms).imf, 0)).toBe(ms);
        expect(httpDateMs(forms(ms).asctime, 0)).toBe(ms);
      }),
      { numRuns: 3000 },
    );
  });

  it('agrees with Date on two-digit years within 49 years of now', () => {
    const span = 49 * 365 * 86_400;
    const near = fc.integer({ min: -span, max: span });
    const nows = fc.integer({ min: 0, max: 4_000_000_000 }).map(seconds => seconds * 1000);
    fc.assert(
      fc.property(nows, near, (now, offset) => {
        const ms = now + offset * 1000;
        expect(httpDateMs(forms(ms).rfc850, now)).toBe(ms);
      }),
    );
  });

  it('answers any text with nothing or a wait between 0 and the cap', () => {
    const nearly = fc.stringMatching(/^(Sun|Sunday),? ?[\d NovGMT:-]{0,30}$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), nearly), fc.double(), fc.nat(), (header, now, max) => {
        const waitMs = retryAfterMs(header, now, max);
        expect(waitMs === undefined || (waitMs >= 0 && waitMs <= max)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});
