/** A number of the user's own, such as the lag of a queue. */
export type DashboardGauge = () => number | Promise<number>;

/**
 * Asks the gauges of the user, each only when it has answered before: one that hangs is asked once, and its
 * last number stands until it answers.
 */
export class GaugeBoard {
  readonly #gauges: ReadonlyMap<string, DashboardGauge>;
  readonly #values: Record<string, number | null> = {};
  readonly #asked = new Set<string>();
  #changed = false;

  constructor(gauges: Readonly<Record<string, DashboardGauge>>) {
    this.#gauges = new Map(Object.entries(gauges));
    for (const name of this.#gauges.keys()) this.#values[name] = null;
  }

  get values(): Readonly<Record<string, number | null>> {
    return { ...this.#values };
  }

  ask(): void {
    for (const [name, gauge] of this.#gauges) {
      if (this.#asked.has(name)) continue;
      this.#asked.add(name);
      const set = (value: unknown): void => {
        this.#asked.delete(name);
        const number = typeof value === 'number' && Number.isFinite(value) ? value : null;
        if (this.#values[name] === number) return;
        this.#values[name] = number;
        this.#changed = true;
      };
      try {
        const answer = gauge();
        if (typeof answer === 'number') set(answer);
        else Promise.resolve(answer).then(set, () => set(null));
      } catch {
        set(null);
      }
    }
  }

  /** The values, where one has changed since this was asked last. */
  take(): Readonly<Record<string, number | null>> | undefined {
    if (!this.#changed) return undefined;
    this.#changed = false;
    return this.values;
  }
}
