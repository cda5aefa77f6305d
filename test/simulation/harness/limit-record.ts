import type { AdaptiveLimiter } from '../../../src/resilience/adaptive-limiter.js';
import type { VirtualClock } from '../../../src/testing/virtual-clock.js';

/** Looks at a limiter once a second: its limits, and how many windows it has judged by then. */
export class LimitRecord {
  readonly limits: number[] = [];
  readonly windows: number[] = [];

  watch(limiter: AdaptiveLimiter, clock: VirtualClock): void {
    const { limit, windows } = limiter.snapshot();
    this.limits.push(limit);
    this.windows.push(windows);
    clock.schedule(1_000, () => this.watch(limiter, clock));
  }

  get mean(): number {
    return mean(this.limits);
  }

  /** The mean limit over the windows `from` to `to` after the second `since`. */
  meanOfWindows(since: number, from: number, to: number): number {
    const first = this.windows[since]!;
    return mean(this.limits.filter((_, at) => isWithin(this.windows[at]! - first, from, to)));
  }

  /** How many windows after the second `since` a mean of ten seconds is near to `limit`, or Infinity. */
  windowsUntil(since: number, limit: number, ratio: number): number {
    for (let at = since + 10; at < this.limits.length; at++) {
      const off = mean(this.limits.slice(at - 9, at + 1)) / limit - 1;
      if (Math.abs(off) <= ratio) return this.windows[at]! - this.windows[since]!;
    }
    return Infinity;
  }

  /** The limit that is not exceeded for such a part of the time. */
  quantile(part: number): number {
    return [...this.limits].sort((a, b) => a - b)[Math.floor(part * (this.limits.length - 1))]!;
  }
}

const isWithin = (value: number, from: number, to: number): boolean => value >= from && value <= to;
const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;
