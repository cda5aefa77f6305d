import { describe, expect, it } from 'vitest';
import { type Flight, Flights } from '../../../src/core/flights.js';

const flight = (sharedKey: string): Flight => ({ sharedKey, callers: 0, latest: 0 });

describe('Flights', () => {
  it('keeps the latest deadline of all who joined', () => {
    const flights = new Flights(1);
    const run = flight('k');
    flights.start(run);
    for (const deadline of [50, 100, 70]) flights.join(run, deadline);
    expect(run).toMatchObject({ callers: 3, latest: 100 });
    expect(flights.leave(run)).toBe(false);
    expect(run.latest).toBe(100);
  });

  it('frees the key when the last caller leaves', () => {
    const flights = new Flights(1);
    const run = flight('k');
    flights.start(run);
    flights.join(run, 1);
    flights.join(run, 1);
    expect(flights.isFull).toBe(true);
    expect(flights.leave(run)).toBe(false);
    expect(flights.get('k')).toBe(run);
    expect(flights.leave(run)).toBe(true);
    expect([flights.get('k'), flights.size, flights.land(run)]).toEqual([undefined, 0, false]);
  });

  it('lets a run that lost its key touch nothing of its successor', () => {
    const flights = new Flights(2);
    const [old, young] = [flight('k'), flight('k')];
    flights.start(old);
    flights.join(old, 1);
    flights.detach('k');
    expect([flights.get('k'), flights.size]).toEqual([undefined, 0]);
    flights.start(young);
    flights.join(young, 1);
    expect([flights.has(old), flights.has(young)]).toEqual([false, true]);
    expect(flights.land(old)).toBe(false);
    expect(flights.leave(old)).toBe(true);
    expect(flights.get('k')).toBe(young);
    expect(flights.land(young)).toBe(true);
    expect(flights.size).toBe(0);
  });

  it('takes all keys away at once', () => {
    const flights = new Flights(2);
    flights.start(flight('a'));
    flights.start(flight('b'));
    flights.detachAll();
    expect(flights.size).toBe(0);
  });

  it.each([0, -1, 1.5, Number.NaN, Infinity])('refuses room for %d keys', max => {
    expect(() => new Flights(max)).toThrow(RangeError);
  });
});
