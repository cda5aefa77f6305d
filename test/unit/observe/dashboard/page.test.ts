import { describe, expect, it } from 'vitest';
import { Model } from '../../../../src/observe/dashboard/page/model.js';
import { whyOf } from '../../../../src/observe/dashboard/page/panel-breakers.js';
import { saidBy } from '../../../../src/observe/dashboard/page/panel-log.js';
import { standOf, stepsHere, stepsOf } from '../../../../src/observe/dashboard/page/saga-diagram.js';
import { Samples } from '../../../../src/observe/dashboard/page/samples.js';
import { count, printable, span, words } from '../../../../src/observe/dashboard/page/text.js';
import { stretches } from '../../../../src/observe/dashboard/page/timeline.js';
import type { SagaFacts, StateMessage, ThingFacts } from '../../../../src/observe/dashboard/protocol.js';

describe('a text on the page', () => {
  it.each([
    ['plain', 'plain'],
    ['two\nlines\ttab', 'two␤lines␉tab'],
    ['\u001b[31mred\u001b[0m', '␛[31mred␛[0m'],
    ['\u0000\u007f\u009b', '␀␡�'],
    ['abc\u202edcba\u2066', 'abc�dcba�'],
    ['\ud800', '�'],
    ['😀', '😀'],
    ['<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
  ])('%j is shown as %j', (text, shown) => expect(printable(text)).toBe(shown));

  it('is short', () => expect(printable('x'.repeat(1_000_000))).toBe(`${'x'.repeat(600)}…`));
});

describe('numbers on the page', () => {
  it.each([
    [0, '0'],
    [12.345, '12.3'],
    [999, '999'],
    [1_250, '1.3k'],
    [54_321, '54k'],
    [3_200_000, '3.2M'],
  ])('%d is %s', (value, shown) => expect(count(value)).toBe(shown));

  it.each([
    [0.25, '0.3 ms'],
    [250, '250 ms'],
    [2_500, '2.5 s'],
    [90_000, '90 s'],
    [600_000, '10 min'],
    [90_000_000, '25 h'],
  ])('%d ms are %s', (ms, shown) => expect(span(ms)).toBe(shown));

  it('names are words', () => expect(words('half-openedTwice')).toBe('half opened twice'));
});

describe('the states of a breaker over time', () => {
  it('are that of now where nothing is known to have happened', () => {
    expect(stretches([], 'closed', 0, 100)).toEqual([{ state: 'closed', from: 0, to: 100 }]);
  });

  it('begin with the one before the first change, and leave out what is too long ago', () => {
    const changes = [
      { at: 0, state: 'closed' },
      { at: 10, state: 'open' },
      { at: 60, state: 'half-open' },
      { at: 80, state: 'closed' },
    ];
    expect(stretches(changes, 'closed', 50, 100)).toEqual([
      { state: 'open', from: 50, to: 60 },
      { state: 'half-open', from: 60, to: 80 },
      { state: 'closed', from: 80, to: 100 },
    ]);
    expect(stretches(changes.slice(2), 'closed', 50, 100)[0]).toEqual({ state: 'unknown', from: 50, to: 60 });
  });

  it.each([
    [
      { because: 'consecutiveFailures', decidedBy: { consecutiveFailures: 3 } },
      'Open after 3 failures in a row.',
    ],
    [{ because: 'failureRatio', decidedBy: { calls: 9, failures: 5 } }, 'Open for 5 of 9 calls failed.'],
    [{ because: 'manual' }, 'Open by the word of somebody.'],
    [{ because: 'constructor' }, 'Open constructor.'],
    [null, 'Open.'],
  ])('are explained: %j', (detail, said) => expect(whyOf(detail, 'open')).toBe(said));
});

describe('what an event says', () => {
  it.each([
    [{ at: 1, policy: 'p', state: 'open', retryAfterMs: 12.3456 }, 'state open · retry after ms 12.35'],
    [{ error: { message: 'no', cause: {} }, gone: null }, 'error: message no'],
    [
      { key: 'a', instance: { kind: 'circuit-breaker', name: 'a', openMs: 9 } },
      'key a · instance: circuit breaker a',
    ],
    [
      { steps: ['charge', 'ship'], counts: { slow: 0.126, bad: true } },
      'steps: charge, ship · counts: slow 0.13, bad true',
    ],
    ['text', ''],
  ])('%j: %s', (payload, said) => expect(saidBy(payload)).toBe(said));
});

describe('a saga on the page', () => {
  const step = (name: string, after: readonly string[]) => ({ name, kind: 'step', after, compensated: true });
  const steps = [step('a', []), step('b', ['a']), step('c', ['a']), step('d', ['b', 'c'])];
  const saga = (status: string, entries: SagaFacts['entries'], direction = 'forward') =>
    ({ status, entries, direction }) as SagaFacts;

  it('stands at the steps whose turn it is', () => {
    const here = (facts: SagaFacts) => [...stepsHere(steps, facts)];
    expect(here(saga('running', {}))).toEqual(['a']);
    expect(here(saga('running', { a: { state: 'done' }, c: { state: 'skipped' } }))).toEqual(['b']);
    expect(here(saga('completed', { a: { state: 'done' } }))).toEqual([]);
    expect(here(saga('running', {}, 'backward'))).toEqual([]);
  });

  it.each([
    [undefined, true, 'here'],
    [undefined, false, 'to come'],
    [{ state: 'done' }, false, 'done'],
    [{ state: 'done', stuck: true }, false, 'stuck'],
    [{ state: 'unknown' }, false, 'unknown'],
    [{ dueAt: 5 }, false, 'waits'],
    [{ attempts: 2 }, true, 'here'],
  ])('has a step %j (%s) that is %s', (entry, isNext, word) => {
    expect(standOf(entry, isNext).word).toBe(word);
  });

  it('has the steps of its own definition and version', () => {
    const definitions = [
      { name: 'o', version: 1, steps: [{ name: 'old', kind: 'step', after: [], compensated: true }] },
      { name: 'o', version: 2, steps: [{ name: 'new', kind: 'pivot', after: ['x', 7] }] },
    ];
    expect(stepsOf({ definitions }, 'o', 2)).toEqual([
      { name: 'new', kind: 'pivot', after: ['x'], compensated: false },
    ]);
    expect(stepsOf({ definitions }, 'p', 1)).toEqual([]);
    expect(stepsOf(undefined, 'o', 1)).toEqual([]);
  });
});

describe('what the page remembers', () => {
  const thing = { key: 't1', service: 's', instance: '', id: 'bulkhead/b', kind: 'bulkhead', name: 'b' };
  const full = { ...thing, description: {}, snapshot: { taken: 1, waiting: 0 }, detail: null } as ThingFacts;
  const state = { epoch: 'e', title: 'T', intervalMs: 1_000, things: [full], services: [], gauges: { g: 1 } };
  const whole = { ...state, at: 1_000, shelves: [], events: [], timelines: {} } as StateMessage;
  const event = {
    service: 's',
    instance: '',
    id: 'bulkhead/b',
    kind: 'bulkhead',
    name: 'b',
    event: 'rejected',
  };

  it('is bounded, however long it is open', () => {
    const model = new Model();
    model.begin(whole);
    for (let at = 2_000; at < 3_000_000; at += 1_000) {
      model.change({ at, events: [{ ...event, at, count: 1, payload: {} }] });
    }
    expect(model.events).toHaveLength(500);
    expect(model.samples.size).toBe(2);
    for (const samples of model.samples.values()) expect(samples.at.length).toBeLessThanOrEqual(660);
  });

  it('of things that are gone is nothing', () => {
    const model = new Model();
    model.begin(whole);
    model.change({ at: 2_000, gone: ['t1'] });
    expect(model.things.size + (model.samples.has('t1') ? 1 : 0)).toBe(0);
  });

  it('follows numbers over a lost connection, and begins anew with another run', () => {
    const model = new Model();
    model.begin(whole);
    model.begin({ ...whole, at: 2_000 });
    expect(model.samples.get('t1')?.at).toEqual([1, 2]);
    model.begin({ ...whole, at: 3_000, epoch: 'f' });
    expect(model.samples.get('t1')?.at).toEqual([3]);
  });

  it('has no point that is not later than the last', () => {
    const samples = new Samples();
    for (const at of [1_000, 1_000, 500, 2_000]) samples.add(at, at, null);
    expect(samples.at).toEqual([1, 2]);
  });

  it('has each state of a breaker once, though it is told of twice', () => {
    const model = new Model();
    const breaker = { ...full, kind: 'circuit-breaker', id: 'circuit-breaker/b' };
    const opened = { ...event, kind: 'circuit-breaker', id: 'circuit-breaker/b', event: 'opened', count: 1 };
    const timelines = {
      t1: [
        { at: 0, state: 'closed' },
        { at: 900, state: 'open' },
      ],
    };
    model.begin({ ...whole, things: [breaker], timelines });
    model.change({ at: 2_000, events: [{ ...opened, at: 900, payload: { from: 'closed' } }] });
    model.change({ at: 3_000, events: [{ ...opened, at: 2_500, event: 'halfOpened', payload: {} }] });
    expect(model.timelines.get('t1')?.map(({ state }) => state)).toEqual(['closed', 'open', 'half-open']);
  });
});
