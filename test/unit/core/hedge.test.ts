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

  it('starts nothing because an attempt was refused', () => {
    const race = new HedgeRace(2);
    race.start();
    expect(race.refuse()).toBe('wait');
    expect(race.left).toBe(1);
  });

  it('has failed when nothing runs and the last one was refused', () => {
    const race = new HedgeRace(2);
    expect(race.fail()).toBe('start');
    race.start();
    expect(race.refuse()).toBe('fail');
  });
});
