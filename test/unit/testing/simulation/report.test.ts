import { describe, expect, it } from 'vitest';
import { type SimulationReport, timeToRecover } from '../../../../src/testing/simulation/report.js';

/** Slices of a second, of which a part of the calls is good. */
function reportOf(...ratios: number[]): SimulationReport {
  const slices = ratios.map((goodRatio, at) => ({ fromMs: at * 1_000, goodRatio }));
  return { slices, durationMs: ratios.length * 1_000 } as unknown as SimulationReport;
}

describe('the time to recover', () => {
  it('is that to the first of enough good slices in a row', () => {
    const report = reportOf(1, 1, 0, 0, 1, 0.5, 0.95, 1, 1, 0);
    expect(timeToRecover(report, { fromMs: 2_000 })).toBe(4_000);
    expect(timeToRecover(report, { fromMs: 2_000, forMs: 1_000 })).toBe(2_000);
    expect(timeToRecover(report, { fromMs: 2_000, goodRatio: 0.5 })).toBe(2_000);
    expect(timeToRecover(report, { fromMs: 2_000, goodRatio: 0.96 })).toBe(Infinity);
  });

  it('is nothing for what was never in trouble', () => {
    expect(timeToRecover(reportOf(1, 1, 1), { fromMs: 0 })).toBe(0);
  });

  it('is endless when the end comes first', () => {
    expect(timeToRecover(reportOf(0, 0, 0, 1, 1), { fromMs: 0 })).toBe(Infinity);
    expect(timeToRecover(reportOf(0, 0, 1, 1, 1), { fromMs: 0 })).toBe(2_000);
  });

  it('refuses what is no time of the report', () => {
    const report = reportOf(1, 1);
    const refused = 'timeToRecover: `fromMs` must be a number >= 0 <= 2000, got 3000';
    expect(() => timeToRecover(report, { fromMs: 3_000 })).toThrow(refused);
    expect(() => timeToRecover(report, { fromMs: 0, goodRatio: 0, forMs: 1 })).toThrow('`goodRatio`');
    expect(() => timeToRecover(report, { fromMs: 0, forMs: 5_000 })).toThrow('`forMs`');
  });
});
