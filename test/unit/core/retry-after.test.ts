import { describe, expect, it } from 'vitest';
import { httpDateMs, retryAfterMs } from '../../../src/core/retry-after.js';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const MAX = 60_000;

describe('retryAfterMs', () => {
  it.each<[string, number | undefined]>([
    ['0', 0],
    ['1', 1000],
    [' \t7 ', 7000],
    ['007', 7000],
    ['60', MAX],
    ['61', MAX],
    ['1'.repeat(31), MAX],
    ['9'.repeat(400), MAX],
    ['-1', undefined],
    ['+1', undefined],
    ['1.5', undefined],
    ['1e99', undefined],
    ['0x10', undefined],
    ['NaN', undefined],
    ['Infinity', undefined],
    ['', undefined],
    ['   ', undefined],
    ['1, 2', undefined],
    ['xFriday, 02-Jan-26 03:04:35 GMT', undefined],
    ['Friday, 02-Jan-26 03:04:35 GMTx', undefined],
    ['xFri Jan  2 03:04:35 2026', undefined],
    ['Fri Jan  2 03:04:35 2026x', undefined],
    ['Wed, 31 Apr 2024 00:00:00 GMT', undefined],
    ['1\n2', undefined],
    ['１', undefined],
    ['soon', undefined],
    ['Fri, 02 Jan 2026 03:04:35 GMT', 30_000],
    ['Fri, 02 Jan 2026 03:04:05 GMT', 0],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['Fri, 31 Dec 9999 23:59:59 GMT', MAX],
    ['Friday, 02-Jan-26 03:04:35 GMT', 30_000],
    ['Fri Jan  2 03:04:35 2026', 30_000],
    ['Fri, 02 Jan 2026 03:04:35 GMT, Fri, 02 Jan 2026 03:04:35 GMT', undefined],
  ])('reads %j as %s', (header, expected) => {
    expect(retryAfterMs(header, NOW, MAX)).toBe(expected);
  });

  it('reads an absent header as no wish', () => {
    expect(retryAfterMs(null, NOW, MAX)).toBeUndefined();
    expect(retryAfterMs(undefined, NOW, MAX)).toBeUndefined();
  });

  it('takes time linear in the length of a hostile header', () => {
    for (const piece of ['9', ' ', '1 ', 'Sun, ', 'Fri, 02 Jan 2026 ', `${'9'.repeat(300)}x`]) {
      const text = piece.repeat(1_000_000 / piece.length);
      const start = performance.now();
      retryAfterMs(text, NOW, MAX);
      expect(performance.now() - start).toBeLessThan(500);
    }
  });
});

describe('httpDateMs', () => {
  it('finds none where there is no text', () => {
    expect(httpDateMs(undefined, NOW)).toBeNaN();
  });

  it.each([
    ['Sun, 06 Nov 1994 08:49:37 GMT', Date.UTC(1994, 10, 6, 8, 49, 37)],
    ['Sunday, 06-Nov-94 08:49:37 GMT', Date.UTC(1994, 10, 6, 8, 49, 37)],
    ['Sun Nov  6 08:49:37 1994', Date.UTC(1994, 10, 6, 8, 49, 37)],
    ['Wed Nov 16 08:49:37 1994', Date.UTC(1994, 10, 16, 8, 49, 37)],
    ['Thu, 29 Feb 2024 00:00:00 GMT', Date.UTC(2024, 1, 29)],
    ['Fri, 01 Mar 2024 00:00:00 GMT', Date.UTC(2024, 2, 1)],
    ['Tue, 29 Feb 2000 00:00:00 GMT', Date.UTC(2000, 1, 29)],
    ['Sat, 31 Dec 2016 23:59:60 GMT', Date.UTC(2017, 0, 1)],
    ['Mon, 01 Jan 0001 00:00:00 GMT', -62_135_596_800_000],
  ])('reads %s', (text, expected) => {
    expect(httpDateMs(text, NOW)).toBe(expected);
  });

  it.each([
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37 UTC',
    'Sun, 06 Nov 1994 08:49:37 GMT+1',
    'sun, 06 nov 1994 08:49:37 gmt',
    'Sun, 06 Abc 1994 08:49:37 GMT',
    '06 Nov 1994 08:49:37 GMT',
    'Someday, 06 Nov 1994 08:49:37 GMT',
    'Sun, 00 Nov 1994 08:49:37 GMT',
    'Sun, 31 Nov 1994 08:49:37 GMT',
    'Sun, 30 Feb 2024 08:49:37 GMT',
    'Wed, 29 Feb 2023 08:49:37 GMT',
    'Mon, 29 Feb 2100 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 06 Nov 1994 08:60:37 GMT',
    'Sun, 06 Nov 1994 08:49:61 GMT',
    'Sun Nov 006 08:49:37 1994',
    '1994-11-06T08:49:37Z',
  ])('refuses %s', text => {
    expect(httpDateMs(text, NOW)).toBeNaN();
  });

  it.each([
    [2026, '76', 2076],
    [2026, '77', 1977],
    [2026, '26', 2026],
    [2026, '00', 2000],
    [2095, '05', 2105],
    [1994, '94', 1994],
  ])('in %i takes the year %s to be %i', (year, lastDigits, expected) => {
    const text = `Monday, 01-Jul-${lastDigits} 00:00:00 GMT`;
    expect(httpDateMs(text, Date.UTC(year, 6, 1))).toBe(Date.UTC(expected, 6, 1));
  });
});
