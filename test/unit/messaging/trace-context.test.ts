import { describe, expect, it } from 'vitest';
import {
  childTraceContext,
  formatTraceContext,
  parseTraceContext,
  type TraceContext,
  withTraceState,
} from '../../../src/messaging/trace-context.js';

const trace = '12345678901234567890123456789012';
const parent = '1234567890123456';
const traceparent = `00-${trace}-${parent}-01`;
const state = (tracestate: unknown) => parseTraceContext({ traceparent, tracestate })?.state;
const members = (count: number) => Array.from(Array(count), (_, i) => `bar${i}=${i}`).join();

/** The cases of the test suite that belongs to the W3C recommendation. */
describe('a traceparent', () => {
  it.each([
    [`00-${trace}-${parent}-00`, false, false],
    [`00-${trace}-${parent}-01`, true, false],
    [`00-${trace}-${parent}-02`, false, true],
    [`00-${trace}-${parent}-03`, true, true],
    [`00-${trace}-${parent}-ff`, true, true],
    [`cc-${trace}-${parent}-01`, true, false],
    [`cc-${trace}-${parent}-01-what-the-future-will-be-like`, true, false],
    [` ${traceparent}`, true, false],
    [`\t ${traceparent} \t`, true, false],
  ])('may be %j', (text, sampled, random) => {
    const wanted = { traceId: trace, parentId: parent, sampled, random, state: [] };
    expect(parseTraceContext({ traceparent: text })).toEqual(wanted);
  });

  it.each([
    `00-${trace}-${parent}-01.`,
    `00-${trace}-${parent}-01-what-the-future-will-be-like`,
    `cc-${trace}-${parent}-01.what-the-future-will-be-like`,
    `ff-${trace}-${parent}-01`,
    `.0-${trace}-${parent}-01`,
    `0.-${trace}-${parent}-01`,
    `000-${trace}-${parent}-01`,
    `0000-${trace}-${parent}-01`,
    `0-${trace}-${parent}-01`,
    `00-${'0'.repeat(32)}-${parent}-01`,
    `00-.2345678901234567890123456789012-${parent}-01`,
    `00-1234567890123456789012345678901.-${parent}-01`,
    `00-${trace}3-${parent}-01`,
    `00-${trace.slice(1)}-${parent}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace}-.234567890123456-01`,
    `00-${trace}-123456789012345.-01`,
    `00-${trace}-${parent}7-01`,
    `00-${trace}-${parent.slice(1)}-01`,
    `00-${trace}-${parent}-.0`,
    `00-${trace}-${parent}-0.`,
    `00-${trace}-${parent}-001`,
    `00-${trace}-${parent}-1`,
    `00-${trace.replace('1', 'A')}-${parent}-01`,
    `${traceparent}, ${traceparent}`,
    '',
    undefined,
    null,
    5,
    [traceparent, traceparent],
  ])('is ignored where it is %j, and the tracestate with it', text => {
    expect(parseTraceContext({ traceparent: text, tracestate: 'foo=1' })).toBeUndefined();
  });
});

describe('a tracestate', () => {
  const every = `abcdefghijklmnopqrstuvwxyz0123456789_-*/@= !"#$%&'()*+-./0123456789:;<>?@AZ[\\]^_\`az{|}~`;
  it.each([
    ['', []],
    [
      'foo=1,bar=2',
      [
        ['foo', '1'],
        ['bar', '2'],
      ],
    ],
    [['foo=1', ''], [['foo', '1']]],
    [['', 'foo=1'], [['foo', '1']]],
    [
      ['foo=1,bar=2', 'rojo=1,congo=2'],
      [
        ['foo', '1'],
        ['bar', '2'],
        ['rojo', '1'],
        ['congo', '2'],
      ],
    ],
    [
      'foo=1 \t , \t bar=2, \t baz=3',
      [
        ['foo', '1'],
        ['bar', '2'],
        ['baz', '3'],
      ],
    ],
    [' foo=1,,', [['foo', '1']]],
    ['foo=1,foo=2', [['foo', '1']]],
    [
      'foo@=1,bar=2',
      [
        ['foo@', '1'],
        ['bar', '2'],
      ],
    ],
    ['foo@bar@baz=1', [['foo@bar@baz', '1']]],
    ['1a=  b c ', [['1a', '  b c']]],
    [`${'z'.repeat(256)}=${'x'.repeat(256)}`, [['z'.repeat(256), 'x'.repeat(256)]]],
    [every, [every.split(/=(.*)/).slice(0, 2)]],
  ])('may be %j', (header, entries) => expect(state(header)).toEqual(entries));

  it.each([
    'foo',
    'foo=,bar=3',
    'foo=bar=baz',
    'foo =1',
    'FOO=1',
    'foo.bar=1',
    '@foo=1,bar=2',
    '=1',
    'foo=\u0001',
    'foo=é',
    `${'z'.repeat(257)}=1`,
    `foo=${'x'.repeat(257)}`,
    members(33),
    ['foo=1', 5],
    5,
    undefined,
  ])('is left out where it is %j', header => expect(state(header)).toEqual([]));

  it('has 32 entries at most', () => expect(state(members(32))).toHaveLength(32));
});

describe('a trace context', () => {
  const context = parseTraceContext({
    traceparent: `cc-${trace}-${parent}-fd-x`,
    tracestate: 'foo=1, bar=2',
  })!;

  it('is written in version 00, with the flags that are known', () => {
    expect(formatTraceContext(context)).toEqual({ traceparent, tracestate: 'foo=1,bar=2' });
    expect(formatTraceContext({ ...context, random: true, state: [] })).toEqual({
      traceparent: `00-${trace}-${parent}-03`,
    });
    expect(formatTraceContext({ ...context, sampled: false }).traceparent).toMatch(/-00$/);
  });

  it('goes on with another parent', () => {
    const child = childTraceContext(context);
    expect(child).toEqual({ ...context, parentId: child.parentId });
    expect(child.parentId).toMatch(/^(?!0{16}|1234567890123456)[\da-f]{16}$/);
    expect(childTraceContext(context, { sampled: false }).sampled).toBe(false);
    expect(childTraceContext(context, { sampled: undefined }).sampled).toBe(true);
  });

  it('begins anew without a parent, with ids that are valid and random', () => {
    const [a, b] = [childTraceContext(undefined), childTraceContext(undefined, { sampled: true })];
    expect(a).toMatchObject({ sampled: false, random: true, state: [] });
    expect(b.sampled).toBe(true);
    expect(a.traceId).not.toBe(b.traceId);
    expect(parseTraceContext(formatTraceContext(a))).toEqual(a);
  });

  it('takes its chance from whom it is told', () => {
    const child = childTraceContext(undefined, { random: () => 0.5 });
    expect(child).toMatchObject({ traceId: '80'.repeat(16), parentId: '80'.repeat(8) });
    const zero = childTraceContext(undefined, { random: () => 0 });
    expect(parseTraceContext(formatTraceContext(zero))).toEqual(zero);
  });

  it('puts the entry that is new or changed in front', () => {
    const keys = (of: TraceContext) => formatTraceContext(of).tracestate;
    expect(keys(withTraceState(context, 'rojo', 'x'))).toBe('rojo=x,foo=1,bar=2');
    expect(keys(withTraceState(context, 'bar', '3'))).toBe('bar=3,foo=1');
    const full = parseTraceContext({ traceparent, tracestate: members(32) })!;
    const pushed = withTraceState(full, 'rojo', 'x').state;
    expect([pushed.length, pushed[0]![0], pushed[31]![0]]).toEqual([32, 'rojo', 'bar30']);
  });

  it('refuses an entry that no header could have', () => {
    expect(() => withTraceState(context, 'Rojo', 'x')).toThrow(TypeError);
    expect(() => withTraceState(context, 'rojo', 'a,b')).toThrow('`value` must be printable, got a,b');
    expect(() => withTraceState(context, 'rojo', '')).toThrow(TypeError);
  });
});
