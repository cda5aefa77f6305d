import { describe, expect, it } from 'vitest';
import { compareVersions, isInRange, readRange, readVersion } from '../../../src/core/version-range.js';

const meets = (version: string, range: string): boolean =>
  isInRange(readVersion(version)!, readRange(range)!);

describe('versions', () => {
  it('stand in the order of semver.org', () => {
    const order = [
      ...['0.0.1', '0.1.0', '1.0.0-0', '1.0.0-1', '1.0.0-10', '1.0.0-alpha', '1.0.0-alpha.1'],
      ...['1.0.0-alpha.beta', '1.0.0-beta', '1.0.0-beta.2', '1.0.0-beta.11', '1.0.0-rc.1', '1.0.0'],
      ...['1.0.1', '1.2.0', '1.10.0', '2.0.0'],
    ];
    const versions = order.map(text => readVersion(text)!);
    for (const [at, one] of versions.entries()) {
      for (const [place, other] of versions.entries()) {
        expect(Math.sign(compareVersions(one, other)), `${order[at]} ${order[place]}`).toBe(
          Math.sign(at - place),
        );
      }
    }
  });

  it('may come before a release by numbers, words, and both in one', () => {
    expect(readVersion('1.2.3-1a.a1.10.x-y')?.pre).toEqual(['1a', 'a1', 10, 'x-y']);
    expect(readVersion('10.20.30')?.numbers).toEqual([10, 20, 30]);
  });

  it('and ranges have 256 characters at most', () => {
    expect(readVersion(`1.2.3-${'a'.repeat(250)}`)).toBeDefined();
    expect(readVersion(`1.2.3-${'a'.repeat(251)}`)).toBeUndefined();
    expect(readRange(`1.2.3${' '.repeat(251)}`)).toBeDefined();
    expect(readRange(`1.2.3${' '.repeat(252)}`)).toBeUndefined();
  });

  it('are alike whatever their build is, and whether or not they begin with a v', () => {
    expect(compareVersions(readVersion('1.2.3+a.b')!, readVersion('v1.2.3+007')!)).toBe(0);
    expect(compareVersions(readVersion('1.2.3-a+1')!, readVersion('1.2.3-a')!)).toBe(0);
  });

  it.each([
    ...['', '1', '1.2', '1.2.3.4', '01.2.3', '1.02.3', '1.2.03', '1.2.x', 'a.b.c', '1.2.3-', '1.2.3-a..b'],
    ...['1.2.3-01', '1.2.3-a_b', ' 1.2.3', '1.2.3 ', '-1.2.3', '9007199254740993.0.0', '1.2.3-ü', 'vv1.2.3'],
    ...['1.9007199254740993.0', '1.0.9007199254740993', `1.2.3-${'a'.repeat(256)}`, '1.2.3\n'],
  ])('are not %j', text => {
    expect(readVersion(text)).toBeUndefined();
  });
});

/** What npm says: the range, what is in it, and what is not. */
const ranges: readonly (readonly [string, string, string])[] = [
  ['1.2.3', '1.2.3 1.2.3+b', '1.2.2 1.2.4 1.2.3-a'],
  ['=1.2.3', '1.2.3', '1.2.4'],
  ['v1.2.3', '1.2.3', '1.2.4'],
  ['^1.2.3', '1.2.3 1.2.4 1.9.0', '1.2.2 2.0.0 0.9.0 2.0.0-0 1.3.0-rc.1'],
  ['^0.2.3', '0.2.3 0.2.9', '0.2.2 0.3.0 1.2.3'],
  ['^0.0.3', '0.0.3', '0.0.2 0.0.4'],
  ['^0.0.0', '0.0.0', '0.0.1'],
  ['^1.2', '1.2.0 1.9.9', '1.1.9 2.0.0'],
  ['^1', '1.0.0 1.9.9', '0.9.9 2.0.0'],
  ['^0.1', '0.1.0 0.1.9', '0.2.0 0.0.9'],
  ['^0.0', '0.0.0 0.0.9', '0.1.0'],
  ['^0', '0.0.0 0.9.0', '1.0.0'],
  ['^1.x', '1.0.0 1.9.9', '2.0.0'],
  ['^1.2.3-b.2', '1.2.3-b.2 1.2.3-b.10 1.2.3 1.4.0', '1.2.3-b.1 1.2.4-b.3 2.0.0'],
  ['~1.2.3', '1.2.3 1.2.9', '1.3.0 1.2.2 1.3.0-0'],
  ['~1.2', '1.2.0 1.2.9', '1.3.0 1.1.9'],
  ['~1', '1.0.0 1.9.9', '2.0.0'],
  ['~0.2.3', '0.2.3', '0.3.0'],
  ['1.2.x', '1.2.0 1.2.9', '1.3.0 1.1.9'],
  ['1.2.*', '1.2.0', '1.3.0'],
  ['1.X', '1.0.0 1.9.9', '2.0.0 0.9.9'],
  ['1', '1.0.0 1.9.9', '2.0.0'],
  ['1.x.x', '1.0.0 1.9.9', '2.0.0'],
  ['*', '0.0.0 9.9.9', '1.0.0-a'],
  ['', '1.2.3', '1.0.0-a'],
  ['>1.2.3', '1.2.4 2.0.0', '1.2.3 1.2.2'],
  ['>1.2', '1.3.0', '1.2.9 1.2.0'],
  ['>1', '2.0.0', '1.9.9'],
  ['>=1.2.3', '1.2.3 2.0.0', '1.2.2 1.3.0-a'],
  ['>=1.2', '1.2.0', '1.1.9'],
  ['<1.2.3', '1.2.2 0.0.1', '1.2.3 1.2.3-a'],
  ['<1.2', '1.1.9', '1.2.0 1.2.0-0'],
  ['<1', '0.9.9', '1.0.0'],
  ['<=1.2.3', '1.2.3 1.2.2', '1.2.4'],
  ['<=1.2', '1.2.9 1.0.0', '1.3.0'],
  ['<=1', '1.9.9', '2.0.0'],
  ['>*', '', '0.0.0 1.0.0 0.0.0-0'],
  ['<*', '', '0.0.0 1.0.0'],
  ['>=*', '0.0.0 1.0.0', '1.0.0-a'],
  ['>=1.2.0 <2.0.0', '1.2.0 1.9.9', '1.1.9 2.0.0'],
  ['  >=1.2.0   <2.0.0 ', '1.2.0', '2.0.0'],
  ['1.x || 3.x', '1.0.0 3.1.0', '2.0.0 4.0.0'],
  ['1.2.3||^2.0.0', '1.2.3 2.5.0', '1.2.4'],
  ['>1.0.0-rc.1 <1.0.0', '1.0.0-rc.2', '1.0.0-rc.1 1.0.0 0.9.0'],
  ['>=1.1.0-rc.0', '1.1.0-rc.1 1.1.0 1.2.0', '1.2.0-rc.1 1.0.0'],
  ['>=2.0.0-a <2', '', '2.0.0-a 2.0.0-b'],
  ['>=1.2.0-a <1.2', '', '1.2.0-a 1.2.0-b'],
  ['>1.2 ', '1.3.0', '1.3.0-a'],
  ['<=1.2.3-b', '1.2.3-a 1.2.3-b 1.2.2', '1.2.3 1.2.3-c'],
  ['1.2.3-b', '1.2.3-b 1.2.3-b+7', '1.2.3 1.2.3-c 1.2.3-a'],
  ['>=1.2.x-b', '1.2.0 1.2.1', '1.2.0-c'],
  ['1.2', '1.2.0', '1.2.0-a'],
  ['1.2.3-a-b.c+d-e.f', '1.2.3-a-b.c', '1.2.3-a'],
  ['1.2.3+build', '1.2.3', '1.2.4'],
  ['10.20.30', '10.20.30', '1.2.3'],
  ['^10.x', '10.20.0', '1.0.0 11.0.0'],
  ['<1.2.3-b', '1.2.3-a 1.2.2', '1.2.3-b 1.2.3 1.2.2-a'],
];

describe('a range of versions', () => {
  it.each(ranges)('%j holds what npm says', (range, inside, outside) => {
    for (const version of inside.split(' ').filter(Boolean))
      expect(meets(version, range), version).toBe(true);
    for (const version of outside.split(' ').filter(Boolean)) {
      expect(meets(version, range), version).toBe(false);
    }
  });

  it.each([
    ...['1.2.3 - 2.0.0', 'latest', '>', '^', '>>1', '=>1.0.0', '1.2.3.4', '01.x', '1.2.3-a..b', '> 1.2.3'],
    ...[
      '^1.2.3 && 2',
      '1,2',
      '1.9007199254740993',
      '1.2-a',
      '|',
      '1 | 2',
      '1.x.3',
      '*.1',
      'x.2.3',
      '*.x.1',
      '1a2a3',
      '1.2a3',
      '1.2.3+',
      '1.2.3+a_!',
      'a1.2.3',
      '1.2.3 b',
      'x'.repeat(257),
    ],
  ])('is not %j', text => {
    expect(readRange(text)).toBeUndefined();
  });
});
