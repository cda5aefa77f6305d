import { Writable } from 'node:stream';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { observedKinds } from '../../../src/observe/kinds.js';
import { type EventLogger, logTo } from '../../../src/observe/log-to.js';
import { Observatory } from '../../../src/observe/observatory.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { Fallback } from '../../../src/resilience/fallback.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

/** A logger of pino that writes into a list. */
function stage(options = {}) {
  let text = '';
  const sink = new Writable({
    write(chunk, _, done) {
      text += chunk;
      done();
    },
  });
  const clock = new VirtualClock();
  const observatory = new Observatory({ service: 'shop', clock });
  const stop = logTo(observatory, pino({ level: 'debug' }, sink), { clock, ...options });
  const raw = () => text.split('\n').slice(0, -1);
  const lines = () => raw().map(line => JSON.parse(line) as Record<string, unknown>);
  return { clock, observatory, stop, raw, lines };
}

/** A thing that tells what it is told to, under any kind. */
function teller(observatory: Observatory, kind: string, events: readonly string[]) {
  const told = new Map<string, (payload: unknown) => void>();
  const on = (event: string, listener: (payload: unknown) => void) => {
    told.set(event, listener);
    return () => told.delete(event);
  };
  observatory.watch({ on: on as never }, { kind, name: 'x', events });
  return (event: string, payload: unknown = {}) => told.get(event)!(payload);
}

describe('the log of events', () => {
  it('has a line of JSON for each, of pino', () => {
    const { observatory, lines } = stage();
    const breaker = new CircuitBreaker({ name: 'pay' });
    observatory.watch(breaker);
    breaker.isolate();
    expect(lines()).toMatchObject([
      {
        level: 40,
        msg: 'circuit-breaker isolated',
        service: 'shop',
        id: 'circuit-breaker/pay',
        event: 'isolated',
        payload: { policy: 'pay' },
      },
    ]);
  });

  it('is one line whatever a name or an error says, without signs that a terminal obeys', async () => {
    const { observatory, raw, lines } = stage({ levels: { answered: 'info' } });
    const name = '\u001b[31mred\n{"level":60}\u0000';
    const fallback = new Fallback({ name, value: 7 });
    observatory.watch(fallback);
    const wrong = new Error('\u001b[2J\n'.repeat(250_000));
    await fallback.execute(() => Promise.reject(wrong));
    expect(raw()).toHaveLength(1);
    expect(raw()[0]!.length).toBeLessThan(20_000);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(raw()[0]).not.toMatch(/[\u0000-\u001f\u007f]/);
    expect(lines()[0]).toMatchObject({ name, payload: { error: { name: 'Error' } } });
  });

  it('whispers what happens with each call, and warns of what somebody may have to mend', () => {
    const { observatory, lines } = stage();
    const tell = teller(observatory, 'mine', ['hit', 'opened', 'updated']);
    for (const event of ['hit', 'opened', 'updated']) tell(event);
    expect(lines().map(({ level }) => level)).toEqual([20, 40, 30]);
  });

  it('has the levels that are wished for, the narrower wish first', () => {
    const levels = { opened: 'error', 'quiet:opened': 'silent' };
    const { observatory, lines } = stage({ levels });
    teller(observatory, 'mine', ['opened'])('opened');
    teller(observatory, 'quiet', ['opened'])('opened');
    expect(lines().map(({ level, kind }) => [level, kind])).toEqual([[50, 'mine']]);
  });

  it('has no more lines in a second than are allowed, and says how many there would have been', async () => {
    const { clock, observatory, lines, stop } = stage({ maxPerSecond: 2 });
    const tell = teller(observatory, 'mine', ['opened']);
    for (let n = 0; n < 5; n++) tell('opened');
    await clock.advance(1000);
    tell('opened');
    expect(lines().map(({ msg, left }) => left ?? msg)).toEqual([
      ...['mine opened', 'mine opened', 3, 'mine opened'],
    ]);
    for (let n = 0; n < 3; n++) tell('opened');
    stop();
    expect(lines().at(-1)).toMatchObject({ left: 2 });
    expect(clock.timers).toBeLessThanOrEqual(2);
  });

  it('sets levels by names that there are', async () => {
    const names = new Set<string>(Object.values(observedKinds).flat());
    const { readFileSync } = await import('node:fs');
    const source = readFileSync(new URL('../../../src/observe/log-to.ts', import.meta.url), 'utf8');
    const sets = source.slice(source.indexOf('const warned'), source.indexOf('function levelOf'));
    const used = [...sets.matchAll(/'(\w+)'/g)].map(found => found[1]!);
    expect(used.length).toBeGreaterThan(50);
    expect(used.filter(name => !names.has(name))).toEqual([]);
    expect(new Set(used).size).toBe(used.length);
  });

  it.each([
    [{ levels: { opened: 'loud' } }, "`levels.opened` must be 'debug' or 'info'"],
    [{ levels: 1 }, '`levels` must be an object, got 1'],
    [{ maxPerSecond: 0 }, '`maxPerSecond` must be an integer >= 1, or Infinity, got 0'],
    [{ level: 1 }, 'unknown option `level`'],
  ])('refuses %o', (options, message) => {
    expect(() => logTo(new Observatory(), console, options as never)).toThrow(`logTo: ${message}`);
  });

  it('refuses what is no logger', () => {
    const made = () => logTo(new Observatory(), {} as EventLogger);
    expect(made).toThrow('logTo: `logger.debug` must be a function, got undefined');
  });
});
