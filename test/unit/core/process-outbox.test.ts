import { describe, expect, it } from 'vitest';
import { ProcessOutbox } from '../../../src/core/process-outbox.js';
import type { ProcessOutboxFault } from '../../../src/core/process-outbox-line.js';

const error = { name: 'Error', message: 'no' };
const refused: ProcessOutboxFault = { error, counts: true, parks: false };
const parks: ProcessOutboxFault = { error: { ...error, message: 'never' }, counts: true, parks: true };
const sends = (...ids: string[]) => ids.map(id => ({ id, body: `the ${id}` }));

/** An outbox on a clock of its own, told in short: `key:ids`, with `!` for alone, and the crashes. */
function scene() {
  const outbox = new ProcessOutbox();
  let now = 0;
  let leases = 0;
  const claim = (leaseMs = 100, limit = 10) => {
    const lease = String(++leases);
    const runs = outbox.claim(limit, lease, leaseMs, now, 1_000 + now);
    const text = ({ key, entries, alone, crashes }: (typeof runs)[number]) =>
      `${key}:${entries.map(({ id }) => id).join('')}${alone ? '!' : ''}${crashes || ''}`;
    return { lease, runs, text: runs.map(text).join(' ') };
  };
  const settle = (key: string, lease: string, published: number, fault?: ProcessOutboxFault, retryMs = 0) =>
    outbox.settle(key, lease, { published, retryMs, fault }, now, 1_000 + now);
  const pass = (ms: number) => {
    now += ms;
  };
  const parked = (after?: string, limit = 10) => outbox.parked({ after, limit });
  return { outbox, claim, settle, pass, parked };
}

describe('an outbox', () => {
  it('hands out the commands of each process in order, and to one at a time', () => {
    const { outbox, claim, settle } = scene();
    outbox.add('a', sends('1', '2'));
    outbox.add('b', sends('3'));
    outbox.add('a', sends('4'));
    outbox.add('c', []);
    expect(outbox.waiting('c')).toBe(0);
    const first = claim();
    expect(first.text).toBe('a:124 b:3');
    expect(first.runs[0]!.entries[0]).toEqual({ position: '1', id: '1', body: 'the 1' });
    expect(claim().text).toBe('');
    expect(settle('a', first.lease, 3)).toBe(true);
    expect(settle('a', first.lease, 3)).toBe(false);
    expect(settle('nobody', first.lease, 1)).toBe(false);
    expect([outbox.waiting('a'), outbox.waiting('b')]).toEqual([0, 1]);
    outbox.add('a', sends('5'));
    expect(claim().text).toBe('a:5');
  });

  it('hands out a hundred commands of a process at a time, and no more processes than are wanted', () => {
    const { outbox, claim, settle } = scene();
    outbox.add('a', sends(...Array.from({ length: 101 }, (_, at) => `${at},`)));
    outbox.add('b', sends('1'));
    outbox.add('c', sends('1'));
    const first = claim(100, 2);
    expect(first.runs.map(({ key, entries }) => [key, entries.length])).toEqual([
      ['a', 100],
      ['b', 1],
    ]);
    settle('a', first.lease, 100);
    expect(claim().text).toBe('c:1 a:100,');
  });

  it('hands out those first that have been due for longest', () => {
    const { outbox, claim, settle, pass } = scene();
    for (const key of ['a', 'b', 'c', 'd']) outbox.add(key, sends('1'));
    const { lease } = claim();
    settle('a', lease, 0, refused, 30);
    settle('b', lease, 0, refused, 10);
    settle('c', lease, 0, refused, 20);
    settle('d', lease, 0, refused, 10);
    pass(9);
    expect(claim().text).toBe('');
    pass(1);
    expect(claim(1_000).text).toBe('b:1 d:1');
    pass(20);
    expect(claim(1_000, 1).text).toBe('c:1');
    const last = claim(1_000);
    expect(last.text).toBe('a:1');
    settle('a', last.lease, 0, refused, 30);
    for (const key of ['e', 'f', 'g']) outbox.add(key, sends('1'));
    const next = claim(1_000);
    expect(next.text).toBe('e:1 f:1 g:1');
    settle('e', next.lease, 0, refused, 20);
    settle('f', next.lease, 0, refused, 10);
    settle('g', next.lease, 0, refused, 40);
    pass(40);
    expect(claim(1_000).text).toBe('f:1 e:1 a:1 g:1');
  });

  it('counts what was said of the first, and of no other', () => {
    const { outbox, claim, settle } = scene();
    outbox.add('a', sends('1', '2'));
    const counted = () => {
      const { lease, runs } = claim();
      const { attempts, tries } = runs[0]!;
      return { lease, counts: [attempts, tries] };
    };
    const first = counted();
    expect(first.counts).toEqual([1, 0]);
    settle('a', first.lease, 0, { ...refused, counts: false });
    const second = counted();
    expect(second.counts).toEqual([2, 0]);
    settle('a', second.lease, 0, refused);
    const third = counted();
    expect(third.counts).toEqual([3, 1]);
    settle('a', third.lease, 1, refused);
    expect(counted().counts).toEqual([1, 1]);
  });

  it('keeps back what is parked and all behind it, and says what it knows', () => {
    const { outbox, claim, settle, pass, parked } = scene();
    outbox.add('a', sends('1', '2'));
    outbox.add('b', sends('3'));
    const first = claim();
    expect(parked()).toEqual([]);
    settle('a', first.lease, 0, refused, 10);
    settle('b', first.lease, 0, { ...parks, counts: false });
    pass(10);
    settle('a', claim().lease, 0, parks);
    outbox.add('a', sends('4'));
    pass(1_000_000);
    expect(claim().text).toBe('');
    const never = parks.error;
    expect(parked()).toEqual([
      {
        ...{ key: 'a', id: '1', body: 'the 1', tries: 2, crashes: 0, error: never },
        ...{ since: 1_000, parkedAt: 1_010, waiting: 3 },
      },
      {
        ...{ key: 'b', id: '3', body: 'the 3', tries: 0, crashes: 0, error: never },
        ...{ since: 1_000, parkedAt: 1_000, waiting: 1 },
      },
    ]);
    expect(parked('a').map(({ key }) => key)).toEqual(['b']);
    expect(parked('b')).toEqual([]);
    expect(parked(undefined, 1).map(({ key }) => key)).toEqual(['a']);
  });

  it('tells what is parked in the order of keys, whichever came first', () => {
    const { outbox, claim, settle, parked } = scene();
    for (const key of ['b', 'C', 'a', 'd']) outbox.add(key, sends('1'));
    const { lease } = claim();
    for (const key of ['b', 'C', 'a']) settle(key, lease, 0, parks);
    expect(parked().map(({ key }) => key)).toEqual(['C', 'a', 'b']);
  });

  it('does not say since when of what used up no try', () => {
    const { outbox, claim, settle, pass, parked } = scene();
    outbox.add('a', sends('1'));
    settle('a', claim().lease, 0, { ...refused, counts: false });
    pass(7);
    settle('a', claim().lease, 0, parks);
    expect(parked()[0]).toMatchObject({ since: 1_007, tries: 1 });
  });

  it('tries what was parked again as if for the first time, and at once', () => {
    const { outbox, claim, settle, parked } = scene();
    outbox.add('a', sends('1', '2'));
    expect(outbox.unpark('a')).toBeUndefined();
    expect(outbox.unpark('b')).toBeUndefined();
    settle('a', claim().lease, 0, parks, 1_000);
    expect(outbox.unpark('a')).toBe('1');
    expect(outbox.unpark('a')).toBeUndefined();
    expect(parked()).toEqual([]);
    const again = claim();
    expect(again.text).toBe('a:12');
    expect(again.runs[0]).toMatchObject({ attempts: 1, tries: 0 });
  });

  it('keeps what was thrown away with the reason, and goes on behind it', () => {
    const { outbox, claim, settle, pass } = scene();
    outbox.add('a', sends('1', '2'));
    outbox.add('b', sends('3'));
    expect(outbox.discard('a', '1', 'no', 0)).toBe(false);
    const { lease } = claim();
    settle('a', lease, 0, parks, 1_000);
    settle('b', lease, 0, parks);
    expect(outbox.discard('c', '1', 'no', 0)).toBe(false);
    expect(outbox.discard('a', '2', 'no', 0)).toBe(false);
    pass(5);
    expect(outbox.discard('a', '1', 'old', 1_005)).toBe(true);
    expect(outbox.discard('a', '1', 'old', 1_005)).toBe(false);
    expect(outbox.discard('b', '3', 'odd', 1_006)).toBe(true);
    expect([outbox.waiting('a'), outbox.waiting('b')]).toEqual([1, 0]);
    const next = claim();
    expect(next.text).toBe('a:2');
    expect(next.runs[0]).toMatchObject({ attempts: 1, tries: 0 });
    const all = outbox.discarded({ after: undefined, limit: 9 });
    expect(all).toEqual([
      {
        ...{ position: '4', key: 'a', id: '1', body: 'the 1', tries: 1, crashes: 0, error: parks.error },
        ...{ since: 1_000, parkedAt: 1_000, reason: 'old', discardedAt: 1_005 },
      },
      expect.objectContaining({ position: '5', key: 'b', reason: 'odd' }),
    ]);
    expect(outbox.discarded({ after: '4', limit: 9 })).toEqual(all.slice(1));
    expect(outbox.discarded({ after: undefined, limit: 1 })).toEqual(all.slice(0, 1));
    expect(outbox.purge(1_004, 9)).toBe(0);
    expect(outbox.purge(1_005, 9)).toBe(1);
    expect(outbox.discarded({ after: undefined, limit: 9 })).toEqual(all.slice(1));
    expect(outbox.purge(2_000, 0)).toBe(0);
    expect(outbox.purge(2_000, 9)).toBe(1);
    expect(outbox.purge(2_000, 9)).toBe(0);
  });
});

describe('a claim that ended without a word', () => {
  it('is no more heard of', () => {
    const { outbox, claim, settle, pass } = scene();
    outbox.add('a', sends('1'));
    const { lease } = claim(100);
    pass(99);
    expect(claim().text).toBe('');
    pass(1);
    expect(claim().text).toBe('a:1!1');
    expect(settle('a', lease, 1)).toBe(false);
  });

  it('leaves suspects, which wait for their turn and then go alone', () => {
    const { outbox, claim, settle, pass } = scene();
    outbox.add('a', sends('1', '2'));
    outbox.add('b', sends('3'));
    settle('b', claim(10).lease, 0, refused, 5);
    pass(5);
    expect(claim(100).text).toBe('b:3');
    pass(6);
    outbox.add('c', sends('4'));
    // It is due since before, and another one is not handed out with it.
    expect(claim().text).toBe('c:4');
    expect(claim().text).toBe('a:1!1');
    expect(claim().text).toBe('');
  });

  it('goes first where its turn comes first, and the others after it', () => {
    const { outbox, claim, settle, pass } = scene();
    outbox.add('a', sends('1'));
    outbox.add('b', sends('1'));
    const { lease } = claim(10);
    settle('b', lease, 0, refused, 20);
    pass(30);
    expect([claim().text, claim().text, claim().text]).toEqual(['a:1!1', 'b:1', '']);
  });

  it('is that of the one that went alone, and of no other', () => {
    const { outbox, claim, settle, pass } = scene();
    outbox.add('a', sends('1', '2'));
    claim(10);
    pass(10);
    outbox.add('a', sends('3'));
    expect(claim(10).text).toBe('a:1!1');
    pass(10);
    const second = claim(10);
    expect(second.text).toBe('a:1!2');
    settle('a', second.lease, 1);
    // What came after the crash was handed out to nobody who is no more, but nobody can tell.
    const third = claim(10);
    expect(third.text).toBe('a:2!');
    settle('a', third.lease, 1);
    const fourth = claim(10);
    expect(fourth.text).toBe('a:3!');
    settle('a', fourth.lease, 1);
    outbox.add('a', sends('5', '6'));
    expect(claim(10).text).toBe('a:56');
  });

  it('makes suspects of a hundred at most', () => {
    const { outbox, claim, settle, pass } = scene();
    outbox.add('a', sends(...Array.from({ length: 101 }, () => 'x')));
    claim(10);
    pass(10);
    for (let at = 0; at < 100; at++) {
      const { lease, runs } = claim(10);
      expect(runs[0]).toMatchObject({ alone: true, entries: { length: 1 } });
      settle('a', lease, 1);
    }
    expect(claim(10).runs[0]!.alone).toBe(false);
  });

  it('is since when it began, and is known of what is parked', () => {
    const { outbox, claim, settle, pass, parked } = scene();
    outbox.add('a', sends('1', '2'));
    claim(10);
    pass(10);
    claim(10);
    pass(10);
    settle('a', claim(10).lease, 0, { ...parks, counts: false });
    expect(parked()).toEqual([
      expect.objectContaining({ crashes: 2, tries: 0, since: 1_010, parkedAt: 1_020 }),
    ]);
    outbox.unpark('a');
    const again = claim(10);
    expect(again.text).toBe('a:1!');
    settle('a', again.lease, 0, parks);
    outbox.unpark('a');
    expect(claim(10).text).toBe('a:1!');
  });
});
