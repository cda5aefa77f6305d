import { describe, expect, it } from 'vitest';

// The shop is plain JavaScript, which the tests know no types of.
const load = (name: string) => import(/* @vite-ignore */ `../../examples/shop/${name}.mjs`);
const { tally } = await load('ledger');
const { checkPromises, MAX_STALL_MS, verdictOf } = await load('promises');
const { chaos, timetable } = await load('schedule');
const { hurts } = await load('hurts');
const { patterns, shop } = await load('settings');
const { Lane, wishes } = await load('traffic');

const bot = { asked: 0, served: 0, turnedAway: 0, seconds: 0 };

interface Row {
  readonly order: string;
  readonly amount?: number;
  readonly undone?: boolean;
  readonly status?: string;
  readonly says?: string;
}

/** Three orders of which the first is done, the second undone and the third a stranger's. */
function books(): Record<string, { rows: Row[]; parked: number }> {
  const rows = (amount: number): Row[] => [
    { order: 'keelson-1', amount, undone: false },
    { order: 'keelson-2', amount, undone: true },
    { order: 'bare-1', amount, undone: false },
  ];
  const book = (of: Row[]) => ({ rows: of, parked: 0 });
  return {
    inventory: book(rows(1)),
    payments: book(rows(shop.priceCents)),
    shipping: book(rows(1)),
    orders: book([
      { order: 'keelson-1', status: 'completed' },
      { order: 'keelson-2', status: 'undone' },
    ]),
    notifications: book([
      { order: 'keelson-1', says: 'completed' },
      { order: 'keelson-2', says: 'undone' },
    ]),
  };
}

function lane() {
  const made = new Lane('http://127.0.0.1:1', 'keelson');
  for (const number of [1, 2]) {
    made.sent++;
    made.visits.push({ number, status: 202, end: 'answered', waitMs: 20, at: number, fresh: false });
  }
  return made;
}

/** The promises that are broken when the books have been changed so. */
function broken(change: (of: ReturnType<typeof books>) => void): string[] {
  const changed = books();
  change(changed);
  const keelson = lane();
  const run = {
    keelson,
    tallies: { keelson: tally(changed, keelson) },
    bot: { asked: 150, served: 40, turnedAway: 110, seconds: 0.1 },
    doors: [401, 401],
    foundMs: 100,
    stallMs: 0,
  };
  const made: { name: string; kept: boolean }[] = checkPromises(run);
  return made.filter(({ kept }) => !kept).map(({ name }) => name);
}

const first = ({ rows }: { rows: Row[] }) => rows[0]!;

describe('the ledger of the shop', () => {
  it('finds nothing where all is well', () => {
    expect(broken(() => {})).toEqual([]);
    expect(tally(books(), lane())).toMatchObject({
      accepted: 2,
      done: 1,
      undone: 1,
      half: 0,
      mails: 2,
      unended: 0,
    });
  });

  it.each([
    ['a second charge', ['money'], of => of['payments']!.rows.push(first(of['payments']!))],
    [
      'a charge that was not given back',
      ['orders', 'money'],
      of => of['payments']!.rows.splice(1, 1, { order: 'keelson-2', amount: 1_200, undone: false }),
    ],
    [
      'a unit that is not back on the shelf',
      ['orders', 'stock'],
      of => of['inventory']!.rows.splice(1, 1, { order: 'keelson-2', amount: 1, undone: false }),
    ],
    [
      'an order without an end',
      ['orders'],
      of => of['orders']!.rows.splice(1, 1, { order: 'keelson-2', status: 'placed' }),
    ],
    ['an accepted order that nobody knows', ['orders'], of => of['orders']!.rows.pop()],
    [
      'books that are not true',
      ['orders'],
      of => of['orders']!.rows.splice(1, 1, { order: 'keelson-2', status: 'completed' }),
    ],
    [
      'a parked order',
      ['orders'],
      of => {
        of['orders']!.parked = 1;
      },
    ],
    ['a mail that is missing', ['mail'], of => of['notifications']!.rows.pop()],
    ['a second mail', ['mail'], of => of['notifications']!.rows.push(first(of['notifications']!))],
  ] satisfies [string, string[], (of: ReturnType<typeof books>) => unknown][])(
    'finds %s',
    (_what, promises, change) => {
      expect(broken(change)).toEqual(promises);
    },
  );

  it('blames the machine for slowness only', () => {
    const made = (name: string) => [{ name, kept: false }];
    expect(verdictOf(made('wait'), 0)).toBe('broken');
    expect(verdictOf(made('wait'), MAX_STALL_MS + 1)).toBe('unclear');
    expect(verdictOf(made('money'), MAX_STALL_MS + 1)).toBe('broken');
    expect(verdictOf([], MAX_STALL_MS + 1)).toBe('kept');
  });

  it('says what it promises within 80 columns', () => {
    const keelson = lane();
    const run = {
      keelson,
      tallies: { keelson: tally(books(), keelson) },
      bot,
      doors: [],
      foundMs: 0,
      stallMs: 0,
    };
    for (const { says, measured } of checkPromises(run)) {
      expect(`  BROKEN  ${says}:`.length).toBeLessThanOrEqual(80);
      expect(`          ${measured}`.length).toBeLessThanOrEqual(80);
    }
    for (const { about } of timetable(45)) expect(`  0.0 s  worker  ${about}`.length).toBeLessThanOrEqual(80);
  });

  it('has a promise for each pattern that can be switched off', () => {
    const keelson = lane();
    const run = {
      keelson,
      tallies: { keelson: tally(books(), keelson) },
      bot,
      doors: [],
      foundMs: 0,
      stallMs: 0,
    };
    const names = checkPromises(run).map(({ name }: { name: string }) => name);
    expect(names).toEqual(expect.arrayContaining(Object.values(patterns)));
  });
});

describe('the timetable of the shop', () => {
  it.each([
    ['the script', timetable(45), 45],
    ['chance', chaos(120, 7), 120],
  ])('of %s has no gaps, and hurts that are known', (_name, table, seconds) => {
    let at = 0;
    for (const { begins, ends, how } of table) {
      expect(begins).toBeCloseTo(at, 6);
      expect(ends).toBeGreaterThan(begins);
      expect(hurts).toHaveProperty([how]);
      at = ends;
    }
    expect(at).toBeCloseTo(seconds, 6);
  });

  it('has the same customers for the same seed', () => {
    const all = (seed: number) => wishes({ seed, table: timetable(20), perSecond: 9 });
    expect(all(1)).toEqual(all(1));
    expect(all(1)).not.toEqual(all(2));
    expect(all(1).filter(({ number }: { number: number }) => number > 0).length).toBeGreaterThan(20);
  });
});
