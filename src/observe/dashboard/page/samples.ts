/** Points that are kept: ten minutes, when there is one each second. */
const MOST = 600;
/** So many go at once, so that not every point moves all others. */
const STEP = 60;

/** Two numbers over time, the last points of them. */
export class Samples {
  /** In seconds since the epoch, as the charts want them. */
  at: number[] = [];
  first: (number | null)[] = [];
  second: (number | null)[] = [];

  add(at: number, first: number | null, second: number | null): void {
    const seconds = at / 1_000;
    const last = this.at.at(-1);
    if (last !== undefined && seconds <= last) return;
    this.at.push(seconds);
    this.first.push(first);
    this.second.push(second);
    if (this.at.length <= MOST + STEP) return;
    this.at = this.at.slice(-MOST);
    this.first = this.first.slice(-MOST);
    this.second = this.second.slice(-MOST);
  }
}
