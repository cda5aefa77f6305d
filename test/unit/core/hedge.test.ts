import { describe, expect, it } from 'vitest';
import { HedgeRace } from '../../../src/core/hedge.js';

describe('HedgeRace', () => {
  it('starts the next attempt when one fails, until there are no more', () => {
    const race = new HedgeRace(2);
    expect(race.fail()).toBe('start');
    race.start();
    expect(race.fail()).toBe('start');
    race.start();
    expect([race.left, race.running]).toEqual([0, 1]);
    expect(race.fail()).toBe('fail');
  });

  it('waits for those that run', () => {
    const race = new HedgeRace(1);
    race.start();
    expect(race.fail()).toBe('wait');
    expect(race.fail()).toBe('fail');
  });

  it('goes on without an attempt that is left out', () => {
    const race = new HedgeRace(2);
    expect(race.skip()).toBe('wait');
    expect(race.fail()).toBe('start');
    expect(race.skip()).toBe('fail');
  });

  it('has no turn left for an attempt that is left out', () => {
    const race = new HedgeRace(1);
    expect(race.skip()).toBe('wait');
    expect(race.fail()).toBe('fail');
  });

  it('starts nothing for an attempt that was suppressed while another one runs', () => {
    const race = new HedgeRace(2);
    race.start();
    expect(race.suppress()).toBe('wait');
    expect(race.left).toBe(1);
  });

  it('goes on after one that was suppressed while nothing runs, and has failed with the last', () => {
    const race = new HedgeRace(2);
    expect(race.fail()).toBe('start');
    race.start();
    expect(race.suppress()).toBe('start');
    race.start();
    expect(race.suppress()).toBe('fail');
  });
});
