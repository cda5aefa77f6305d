import { describe, expect, it } from 'vitest';
import { near, type Rest, type Shown, settled } from './shown-knee.js';

/** A window whose error explains whatever it shows: nothing is learned of it. */
const vague: Rest = { errorMs: 40 };

/** One with a limit of 100 that makes an experiment in the next window. */
function due({ errorMs = 0 } = {}): Shown {
  const shown = settled(100, 100, { maxLimit: 100 }, errorMs);
  return shown.repeat(15, 100, 100, vague);
}

describe('a measurement of knee', () => {
  it('is made with four fifths of the calls that did not queue', () => {
    expect(due().see(100, 100, vague)).toEqual(near(80, true));
    expect(due().see(100, 125, vague)).toEqual(near(64, true));
  });

  it('is made again after twice as many windows, up to sixty', () => {
    const shown = due();
    for (const rest of [32, 60, 60]) {
      expect(shown.see(100, 100)).toEqual(near(80, true));
      expect(shown.see(80, 100)).toEqual(near(100, false));
      for (let window = 1; window < rest; window++) shown.see(100, 100, { ...vague, peak: 60 });
    }
    expect(shown.see(100, 100)).toEqual(near(80, true));
  });

  it('is made again soon after the baseline has jumped', () => {
    const shown = settled(100, 100, { maxLimit: 100 });
    shown.see(100, 50);
    shown.repeat(6, 100, 50);
    expect(shown.see(100, 50)).toEqual(near(80, true));
  });

  /**
   * The baseline after a measurement: the limit is set to what the remote worked on at a time, by that
   * baseline, and three. Before, it was 100 ms with an error of 2.
   */
  function learned(beforeMs: number, meanMs: number, rest: Rest, idle?: Rest): number {
    const shown = settled(100, 100, { maxLimit: 100 }, 2).repeat(15, 100, 100, vague);
    if (idle !== undefined) shown.see(40, 100, idle);
    const [load, unsettled] = shown.see(100, beforeMs, vague);
    expect(unsettled).toBe(true);
    const [limit, again] = shown.see(load, meanMs, rest);
    expect(again).toBe(false);
    return ((limit - 3) * beforeMs) / 100;
  }

  it('weighs what it shows against what was known, each by its error', () => {
    expect(learned(125, 104, { errorMs: 4 })).toBeCloseTo(100 + (4 * 4) / (16 + 4), 6);
    expect(learned(125, 96, { errorMs: 4 })).toBeCloseTo(100 - (4 * 4) / (16 + 4), 6);
  });

  it('gives it a seventh of the weight at least', () => {
    expect(learned(125, 104, { errorMs: 20 })).toBeCloseTo(100 + 0.15 * 4, 6);
  });

  it('knows of the error of windows that nobody needed', () => {
    const error2 = 0.9 ** 2 * 4 + 0.1 ** 2 * 20 ** 2;
    const expected = 100 + (4 * error2) / (16 + error2);
    expect(learned(125, 104, { errorMs: 4 }, { errorMs: 20, peak: 40 })).toBeCloseTo(expected, 6);
  });

  it('goes half of the way where the two errors do not explain the difference', () => {
    expect(learned(94, 80, { errorMs: 4 })).toBeCloseTo(90, 6);
    expect(learned(125, 130, { errorMs: 4 })).toBeCloseTo(115, 6);
  });

  it('does not believe a rise that may come from calls that still queue', () => {
    // With a third of the load still more than half of the fall in latency that a queue would show.
    expect(learned(250, 130, { errorMs: 4 })).toBeCloseTo(100, 6);
  });

  it('goes on while latency falls with the load, and back to what was known before all of it', () => {
    const shown = due();
    expect(shown.see(100, 300)).toEqual(near((100 * 0.8) / 3, true));
    const load = shown.knee.limit;
    expect(shown.see(load, 100)).toEqual(near(0.8 * load, true));
    expect(shown.see(0.8 * load, 100)).toEqual(near(100 / 3 + 3, false));
  });

  it('does not go on below the least limit', () => {
    const shown = settled(100, 100, { minLimit: 30, maxLimit: 100 }).repeat(15, 100, 100, vague);
    expect(shown.see(100, 300)).toEqual([30, true]);
    expect(shown.see(30, 100)).toEqual(near(100 / 3 + 3, false));
  });

  it('ends no lower than it was made', () => {
    const shown = due({ errorMs: 2 });
    expect(shown.see(100, 100, vague)).toEqual(near(80, true));
    // The baseline is 76 ms now, by which 76 calls would be at work, and three more wait.
    expect(shown.see(40, 52, { errorMs: 4, peak: 45 })).toEqual(near(80, false));
  });
});

describe('a look upwards of knee', () => {
  /** One that rests at a limit of 100, with three calls that wait, and looks upwards in the next window. */
  function aboutToLook(): Shown {
    const shown = settled(100, 100);
    const rest = (windows: number) => shown.repeat(windows, 100, 100 / 0.97, vague);
    rest(15);
    shown.see(100, 100, vague);
    // A measurement which shows what was known, and where the limit is back.
    expect(shown.see(80, 100)).toEqual(near(100, false));
    return rest(4);
  }

  const resting = 100 / 0.97;

  it('comes in every twentieth window, and raises the limit by three tenths', () => {
    expect(aboutToLook().see(100, resting, vague)).toEqual(near(130, true));
  });

  it('waits for a window in which nine tenths of the limit are used', () => {
    const shown = settled(100, 100, { maxLimit: 100 });
    shown.repeat(15, 100, 100, vague).see(100, 100, vague);
    shown.see(80, 100);
    shown.repeat(4, 100, 100, vague);
    expect(shown.see(100, 100, { ...vague, peak: 89 })).toEqual(near(100, false));
    expect(shown.see(100, 100, { ...vague, peak: 90 })).toEqual(near(100, true));
  });

  it('goes back where latency follows the load', () => {
    const shown = aboutToLook();
    shown.see(100, resting, vague);
    expect(shown.see(130, 1.3 * resting)).toEqual(near(100, true));
  });

  it('goes back where there was not much more load', () => {
    const shown = aboutToLook();
    shown.see(100, resting, vague);
    expect(shown.see(110, resting)).toEqual(near(100, true));
  });

  it('finds a baseline that was too low where latency stays, and looks further up at once', () => {
    const shown = aboutToLook();
    shown.see(100, resting, vague);
    expect(shown.see(130, 109)).toEqual(near(130, false));
    expect(shown.see(130, resting, vague)).toEqual(near(169, true));
  });

  it('takes what calls took before it for the baseline then', () => {
    const shown = aboutToLook();
    shown.see(100, resting, vague);
    const level = 102.9;
    shown.see(130, 104);
    const [limit] = shown.see(130, 1.25 * level, { errorMs: 40, peak: 100 });
    // It stands to 125 % of itself as four to five.
    expect(Math.abs(limit - (130 + 0.8 * 130 + 3) / 2)).toBeLessThan(0.5);
  });
});
