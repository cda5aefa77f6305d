import { LatencyHistogram } from './latency-histogram.js';
import type { SimulationReport, SimulationSlice } from './report.js';
import type { SimulatedServer } from './server.js';
import { TraceHash } from './trace-hash.js';

/** More kinds of failures than this are counted together. */
const MOST_CODES = 64;

/** What the trace tells apart. */
const CAME = 1;
const SUCCEEDED = 2;
const FAILED = 3;

interface Counts {
  calls: number;
  succeeded: number;
  good: number;
  requests: number;
}

/** Counts what happens in a simulation, in memory that does not grow with it. */
export class Tally {
  readonly #servers: readonly SimulatedServer[];
  readonly #sliceMs: number;
  readonly #goodWithinMs: number;
  readonly #slices: Counts[];
  readonly #latency = new LatencyHistogram();
  readonly #failures = new Map<string, number>();
  readonly #trace = new TraceHash();
  #failed = 0;
  #inFlight = 0;
  #requestsBefore = 0;

  constructor(
    servers: readonly SimulatedServer[],
    { slices, sliceMs, goodWithinMs }: { slices: number; sliceMs: number; goodWithinMs: number },
  ) {
    this.#servers = servers;
    this.#sliceMs = sliceMs;
    this.#goodWithinMs = goodWithinMs;
    this.#slices = Array.from({ length: slices }, () => ({ calls: 0, succeeded: 0, good: 0, requests: 0 }));
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  came(atMs: number): void {
    this.#inFlight++;
    this.#sliceOf(atMs).calls++;
    this.#note(CAME, atMs);
  }

  succeeded(sinceMs: number, atMs: number): void {
    const slice = this.#sliceOf(sinceMs);
    const tookMs = atMs - sinceMs;
    this.#inFlight--;
    slice.succeeded++;
    if (tookMs <= this.#goodWithinMs) slice.good++;
    this.#latency.add(tookMs);
    this.#note(SUCCEEDED, atMs);
  }

  failed(error: unknown, atMs: number): void {
    const code = nameOf(error);
    const known = this.#failures.has(code) || this.#failures.size < MOST_CODES ? code : 'others';
    this.#failures.set(known, (this.#failures.get(known) ?? 0) + 1);
    this.#inFlight--;
    this.#failed++;
    this.#note(FAILED, atMs);
    this.#trace.addText(code);
  }

  /** The requests since the last time belong to the slice number `at`. */
  cut(at: number): void {
    const requests = this.#requests;
    this.#slices[at]!.requests = requests - this.#requestsBefore;
    this.#requestsBefore = requests;
  }

  report(seed: number, durationMs: number): SimulationReport {
    const [calls, succeeded, good] = [this.#sum('calls'), this.#sum('succeeded'), this.#sum('good')];
    const perSecond = (count: number): number => (count * 1_000) / durationMs;
    const requests = this.#requests;
    return {
      ...{ seed, durationMs, calls, succeeded, good, failed: this.#failed, unfinished: this.#inFlight },
      failures: Object.fromEntries([...this.#failures].sort(([a], [b]) => (a < b ? -1 : 1))),
      offeredPerSecond: perSecond(calls),
      throughputPerSecond: perSecond(succeeded),
      goodputPerSecond: perSecond(good),
      goodRatio: calls === 0 ? 1 : good / calls,
      requests,
      amplification: calls === 0 ? 0 : requests / calls,
      latency: this.#latency.report(),
      slices: this.#slices.map((slice, at) => this.#sliceReport(slice, at)),
      servers: this.#servers.map(server => server.report()),
      trace: this.#trace.digest,
    };
  }

  #sliceReport(slice: Counts, at: number): SimulationSlice {
    const goodRatio = slice.calls === 0 ? 1 : slice.good / slice.calls;
    return { fromMs: at * this.#sliceMs, ...slice, goodRatio };
  }

  #sum(what: keyof Counts): number {
    return this.#slices.reduce((sum, slice) => sum + slice[what], 0);
  }

  get #requests(): number {
    return this.#servers.reduce((sum, server) => sum + server.report().requests, 0);
  }

  #sliceOf(atMs: number): Counts {
    return this.#slices[Math.min(Math.floor(atMs / this.#sliceMs), this.#slices.length - 1)]!;
  }

  /** What the servers are at belongs to it: nothing they do can differ unseen. */
  #note(what: number, atMs: number): void {
    this.#trace.add(what);
    this.#trace.add(atMs);
    for (const { queued, busy } of this.#servers) this.#trace.add(queued * 100_003 + busy);
  }
}

function nameOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : typeof error;
}
