/** What a metric is told apart by. */
export type Labels = Readonly<Record<string, string>>;

/** One number of a metric. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** How many calls took no longer than each bound, all of them, and their sum in seconds. */
export interface HistogramSample {
  readonly labels: Labels;
  readonly upTo: readonly number[];
  readonly count: number;
  readonly sum: number;
}

/** What a metric is, without its numbers. */
export interface MetricHead {
  /** As in OpenTelemetry: words of snake case with points between them. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** `s` for seconds, `By` for bytes, `1` for ratios, `{call}` and the like for things that are counted. */
  readonly unit: string;
  readonly help: string;
}

/** The label of what there was no series for, as in the SDKs of OpenTelemetry. */
export const OVERFLOW: Labels = /* @__PURE__ */ Object.freeze({ 'otel.metric.overflow': 'true' });

/**
 * A metric with its series, at most so many of them. Counters beyond that are added up in one series more;
 * gauges cannot be added up and are left out.
 */
export class MetricFamily {
  readonly head: MetricHead;
  readonly samples: Sample[] = [];
  readonly histograms: HistogramSample[] = [];
  /** How many had no series of their own. */
  over = 0;
  readonly #maxSeries: number;
  #sum = 0;
  #histogram: HistogramSample | undefined;

  constructor(head: MetricHead, maxSeries: number) {
    this.head = head;
    this.#maxSeries = maxSeries;
  }

  get isEmpty(): boolean {
    return this.samples.length + this.histograms.length === 0;
  }

  add(labels: Labels, value: number): void {
    if (this.samples.length < this.#maxSeries) this.samples.push({ labels, value });
    else {
      this.over++;
      this.#sum += value;
    }
  }

  addHistogram(sample: HistogramSample): void {
    if (this.histograms.length < this.#maxSeries) this.histograms.push(sample);
    else {
      this.over++;
      const { upTo, count, sum } = this.#histogram ?? { upTo: sample.upTo.map(() => 0), count: 0, sum: 0 };
      this.#histogram = {
        labels: OVERFLOW,
        upTo: upTo.map((below, place) => below + sample.upTo[place]!),
        count: count + sample.count,
        sum: sum + sample.sum,
      };
    }
  }

  /** Nothing more comes. */
  close(): void {
    if (this.over === 0) return;
    if (this.#histogram !== undefined) this.histograms.push(this.#histogram);
    else if (this.head.type === 'counter') this.samples.push({ labels: OVERFLOW, value: this.#sum });
  }
}
