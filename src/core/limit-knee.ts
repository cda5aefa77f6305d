import { bounded, type LimitAlgorithm, type LimitBounds } from './concurrency-limit.js';
import type { LimitWindow } from './limit-window.js';
import { LoadSlope } from './load-slope.js';

/** Windows between two measurements without load: at most, and after the baseline has jumped. */
const REST = 60;
const DOUBT = 8;
/** Windows between two looks upwards, and by how much they raise the limit. */
const LOOK_EVERY = 20;
const LOOK = 1.3;
/** A slope above this speaks for calls that all queue. */
const STEEP = 0.75;
/** A slope of latency over load below this speaks for no queue at all. */
const FLAT = 0.25;
/** Such a part of drops in a window is overload, whatever the latency. */
const DROPS = 0.05;

/** The window before an experiment: the calls in flight, and what they took. */
interface Before {
  readonly load: number;
  readonly latency: number;
  /** The limit at that time, or before the first of several experiments in a row. */
  readonly limit: number;
  /** How many calls the remote was seen to work on at a time, for each ms of the baseline. */
  readonly perBaseMs: number;
}

/**
 * Keeps the limit at the knee: as many calls as the remote works on at a time, and a few that wait there.
 *
 * The step is that of the gradient algorithms: limit × baseline / latency, plus room for a queue. What it
 * stands on is the baseline, the latency without a queue, and three experiments keep that true:
 * - now and then a window with a limit below the knee, which shows it;
 * - now and then a window with a higher limit: if latency stays, there was no queue, and what was taken for
 *   one is a baseline that is too low (by itself a limit stuck at room / error would never show it);
 * - the slope of latency over load in the latest windows: if it is flat while the limit falls, the remote has
 *   become slower, not busier.
 *
 * Means are compared, not minima, for the mean is what Little's law is about, and by their standard errors.
 */
export class KneeLimit implements LimitAlgorithm {
  #bounds: LimitBounds;
  readonly #slope: LoadSlope = new LoadSlope();
  #limit: number;
  /** What a call takes without a queue, in ms; 0 while unknown. */
  #baseMs = 0;
  #baseError2 = 0;
  /** Windows in a row without a queue: while they last, steps grow. */
  #free = 0;
  #sinceProbe = 0;
  #rest = DOUBT;
  #sinceLook = 0;
  #probing: Before | undefined;
  #looking: Before | undefined;

  constructor(limit: number, bounds: LimitBounds) {
    this.#bounds = bounds;
    this.#limit = limit;
  }

  get limit(): number {
    return this.#limit;
  }

  amend(bounds: LimitBounds): void {
    this.#bounds = bounds;
    this.#limit = bounded(this.#limit, bounds);
  }

  reset(limit: number): void {
    this.#slope.clear();
    this.#limit = limit;
    this.#baseMs = 0;
    this.#baseError2 = 0;
    this.#free = 0;
    this.#sinceProbe = 0;
    this.#rest = DOUBT;
    this.#sinceLook = 0;
    this.#probing = undefined;
    this.#looking = undefined;
  }

  update(window: LimitWindow): boolean {
    const { probing, looking } = { probing: this.#probing, looking: this.#looking };
    this.#probing = undefined;
    this.#looking = undefined;
    if (window.drops > DROPS * window.samples) return this.#set(0.9 * (looking?.limit ?? this.#limit), true);
    const error2 = window.errorMs2 / window.meanMs ** 2;
    this.#slope.add(window.meanInFlight, window.meanMs, error2);
    if (window.peak < this.#limit / 2) return this.#idle(window, looking);
    if (probing !== undefined) return this.#probed(window, probing);
    if (looking !== undefined) return this.#looked(window, looking);
    if (this.#baseMs === 0) return this.#probe(window, 0.5);
    this.#correctBase(window, error2);
    const gradient = Math.min(1, this.#baseMs / window.meanMs);
    if (++this.#sinceProbe >= this.#rest) return this.#probe(window, 0.8 * gradient);
    if (++this.#sinceLook >= LOOK_EVERY && window.peak >= 0.9 * this.#limit) return this.#look(window);
    return this.#step(gradient);
  }

  /** The limit is not what holds the calls back: it stays, and what they take is not of our making. */
  #idle(window: LimitWindow, looking: Before | undefined): boolean {
    this.#learn(window, 0.1);
    this.#free = 0;
    return this.#set(looking?.limit ?? this.#limit, false);
  }

  #step(gradient: number): boolean {
    const limit = this.#limit;
    const room = this.#room;
    this.#free = gradient >= 1 - room / 2 / limit ? this.#free + 1 : 0;
    const rush = this.#free - 2;
    const target = limit * gradient + (rush > 0 ? Math.min(room * 2 ** rush, limit) : room);
    // Half of the way is the mean of two windows; when growing, nothing is gained by it.
    const next = rush > 0 ? target : (limit + target) / 2;
    return this.#set(next, next < 0.8 * limit);
  }

  /** How many may wait at the remote, so that no worker there is ever without work. */
  get #room(): number {
    return Math.max(3, Math.sqrt(this.#limit) / 4);
  }

  #correctBase(window: LimitWindow, error2: number): void {
    const short = this.#baseMs - window.meanMs;
    const { level } = this.#slope;
    if (short > 4 * this.#errorWith(window)) {
      this.#learn(window, 1);
      this.#doubt();
    } else if (level > this.#baseMs && this.#slope.upper(error2) < FLAT) {
      this.#baseMs += (level - this.#baseMs) / 2;
      this.#doubt();
    }
  }

  /** Lets the queue run empty. */
  #probe(window: LimitWindow, part: number, first?: Before): boolean {
    const before = this.#before(window, window.meanMs);
    this.#probing = first === undefined ? before : { ...before, ...knowledgeOf(first) };
    this.#sinceProbe = 0;
    this.#free = 0;
    this.#rest = Math.min(2 * this.#rest, REST);
    return this.#set(Math.min(this.#limit, window.meanInFlight) * part, true);
  }

  #probed(window: LimitWindow, before: Before): boolean {
    const { load, latency, limit, perBaseMs } = before;
    const less = Math.log(load / window.meanInFlight);
    const slope = less > 0.05 ? Math.log(latency / window.meanMs) / less : 0;
    // At first nothing is known of the knee: down and down, until latency does not follow.
    if (this.#baseMs === 0 && slope > 0.5 && this.#limit > this.#bounds.minLimit) {
      return this.#probe(window, 0.5);
    }
    const off = (window.meanMs - this.#baseMs) / this.#errorWith(window);
    // A sudden rise is believed only if it did not come from calls that still queue.
    if (off < -3 || (off > 3 && slope < 0.5)) this.#learn(window, 0.5);
    else if (off <= 3) this.#learn(window, Math.max(0.15, this.#trustIn(window)));
    // There was so much of a queue that some of it is still there.
    if (slope > STEEP && this.#limit > this.#bounds.minLimit) return this.#probe(window, 0.8, before);
    const knee = perBaseMs * this.#baseMs;
    return this.#set(Math.max(this.#limit, Math.min(limit, knee + this.#room)), false);
  }

  #look(window: LimitWindow): boolean {
    this.#looking = this.#before(window, Math.max(this.#baseMs, this.#slope.level));
    this.#sinceLook = 0;
    return this.#set(LOOK * this.#limit, true);
  }

  #looked(window: LimitWindow, { load, latency, limit }: Before): boolean {
    const more = Math.log(window.meanInFlight / load);
    if (more < 0.15 || Math.log(window.meanMs / latency) >= FLAT * more) return this.#set(limit, true);
    this.#baseMs = Math.max(this.#baseMs, latency);
    this.#doubt();
    this.#sinceLook = LOOK_EVERY;
    return false;
  }

  #before(window: LimitWindow, latency: number): Before {
    const limit = this.#limit;
    return { load: window.meanInFlight, latency, limit, perBaseMs: limit / window.meanMs };
  }

  #learn(window: LimitWindow, share: number): void {
    const part = this.#baseMs === 0 ? 1 : share;
    this.#baseMs += part * (window.meanMs - this.#baseMs);
    this.#baseError2 = (1 - part) ** 2 * this.#baseError2 + part * part * window.errorMs2;
  }

  /** The baseline has jumped: it may be off by a tenth, and is measured again soon. */
  #doubt(): void {
    this.#baseError2 = Math.max(this.#baseError2, (0.1 * this.#baseMs) ** 2);
    this.#rest = DOUBT;
  }

  #errorWith(window: LimitWindow): number {
    // Where all calls take the same there is no error, and rounding must not pass for a jump.
    return Math.sqrt(window.errorMs2 + this.#baseError2) + 1e-6 * window.meanMs;
  }

  /** The weight of a new measurement against all those before, each by its own error. */
  #trustIn(window: LimitWindow): number {
    return this.#baseError2 / (window.errorMs2 + this.#baseError2 + 1e-12);
  }

  #set(limit: number, unsettled: boolean): boolean {
    this.#limit = bounded(limit, this.#bounds);
    return unsettled;
  }
}

/** What holds of the time before several experiments in a row. */
function knowledgeOf({ limit, perBaseMs }: Before): Pick<Before, 'limit' | 'perBaseMs'> {
  return { limit, perBaseMs };
}
