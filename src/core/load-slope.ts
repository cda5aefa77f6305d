/** What an older window weighs against the one after it. */
const KEEP = 0.9;

/**
 * How latency follows the number of calls in flight, as the slope between their logarithms over the latest
 * windows: 1 where calls queue, for then each further one makes all of them wait; 0 where none does.
 */
export class LoadSlope {
  #weight = 0;
  #x = 0;
  #y = 0;
  #xx = 0;
  #xy = 0;
  #lastX = 0;
  #lastY = 0;

  /** The latency of these windows, a geometric mean; there must be one. */
  get level(): number {
    return Math.exp(this.#y / this.#weight);
  }

  /** `error2` is the square of the relative standard error of `latency`. */
  add(load: number, latency: number, error2: number): void {
    const x = Math.log(load);
    const y = Math.log(latency);
    if (this.#broken(x - this.#lastX, y - this.#lastY, error2)) this.clear();
    this.#lastX = x;
    this.#lastY = y;
    this.#weight = this.#weight * KEEP + 1;
    this.#x = this.#x * KEEP + x;
    this.#y = this.#y * KEEP + y;
    this.#xx = this.#xx * KEEP + x * x;
    this.#xy = this.#xy * KEEP + x * y;
  }

  /** The slope, and twice its standard error on top; `Infinity` while the load has not changed. */
  upper(error2: number): number {
    const spread = this.#xx - (this.#x * this.#x) / this.#weight;
    if (!(spread > 1e-9)) return Infinity;
    const together = this.#xy - (this.#x * this.#y) / this.#weight;
    return together / spread + 2 * Math.sqrt(error2 / spread);
  }

  clear(): void {
    this.#weight = 0;
    this.#x = 0;
    this.#y = 0;
    this.#xx = 0;
    this.#xy = 0;
  }

  /** No slope from 0 to 1 leads from one window to the next: the remote is another one than before. */
  #broken(dx: number, dy: number, error2: number): boolean {
    const slack = 3 * Math.sqrt(2 * error2) + 0.05;
    return dy > Math.max(0, dx) + slack || dy < Math.min(0, dx) - slack;
  }
}
