import type { Allowance } from '../core/allowance.js';
import { type Claim, Ration } from '../core/ration.js';
import type { Clock, Timer } from '../kernel/clock.js';
import type { RejectedError } from '../kernel/errors.js';
import type { GuardedCall } from '../kernel/guarded-call.js';
import type { RateRefusal } from './rate-refusal.js';

/** Whoever keeps the line: it is told of what time brings about. */
export interface LineKeeper {
  admitted(waitedMs: number): void;
  /** Counts a refusal, tells of it, and answers with its error. */
  refused(reason: RateRefusal, retryAfterMs: number | undefined): RejectedError;
}

/** A place in the line. */
export interface Turn extends Claim {
  /** Without one it is a reservation. */
  readonly call: GuardedCall | undefined;
  readonly since: number;
  /** It does not wait beyond this. */
  readonly until: number;
}

/** Those who wait for their share of an allowance, and the one timer that wakes them. */
export class RateLine {
  readonly ration: Ration<Turn>;
  readonly #clock: Clock;
  readonly #keeper: LineKeeper;
  #timer: Timer | undefined;
  #timerAt = 0;
  /** Whether turns are being handed out: what happens meanwhile leaves it to that. */
  #serving = false;
  readonly #wake = (): void => {
    this.#timer = undefined;
    this.serve();
  };

  constructor(allowance: Allowance, places: number, clock: Clock, keeper: LineKeeper) {
    this.ration = new Ration(allowance, places);
    this.#clock = clock;
    this.#keeper = keeper;
  }

  join(call: GuardedCall | undefined, cost: number, since: number, until: number): Turn {
    const turn = { rank: 0, previous: undefined, next: undefined, call, cost, since, until };
    this.ration.join(turn);
    this.#arm();
    return turn;
  }

  /** False when its turn has come, or it left before. */
  leave(turn: Turn): boolean {
    if (!this.ration.leave(turn)) return false;
    this.#arm();
    return true;
  }

  /**
   * Lets everybody in whose time has come. A call may leave, take or change anything before `admit` returns:
   * in a loop that is one step, nested it would be frames upon frames.
   */
  serve(): void {
    if (this.#serving) return;
    this.#serving = true;
    try {
      const now = this.#clock.now();
      while (this.ration.firstDueAt(now) <= now) this.#serveFirst(this.ration.first!, now);
    } finally {
      this.#serving = false;
      this.#arm();
    }
  }

  /** After a change of the rule: refuses those who cannot wait that long, and lets in who need not wait. */
  review(): void {
    const now = this.#clock.now();
    const refused: (readonly [turn: Turn, reason: RateRefusal, retryAfterMs: number | undefined])[] = [];
    for (const turn of this.#takeAll()) {
      const { cost, call, until } = turn;
      if (cost > this.ration.most) {
        refused.push([turn, 'cost', undefined]);
        continue;
      }
      const due = this.ration.dueAt(cost, now);
      if (due <= until) this.ration.join(turn);
      else refused.push([turn, due >= call!.firmDeadline ? 'deadline' : 'rate', due - now]);
    }
    this.serve();
    // Last, for it answers other calls and so may run code that changes all of this.
    for (const [{ call }, reason, retryAfterMs] of refused) this.#refuse(call, reason, retryAfterMs);
  }

  /** Refuses all who wait. */
  close(): void {
    const all = this.#takeAll();
    this.#arm();
    for (const { call } of all) this.#refuse(call, 'closed', undefined);
  }

  #serveFirst(turn: Turn, now: number): void {
    const { call, since } = turn;
    const late = call !== undefined && call.deadline <= now;
    // One that has been answered already, or will be, shall not take from those behind it.
    if (late || call?.waits === false) {
      this.ration.leave(turn);
      if (late) this.#refuse(call, 'late', undefined);
      return;
    }
    this.ration.serve(turn, now);
    if (call === undefined) return;
    call.admit(true);
    this.#keeper.admitted(now - since);
  }

  #refuse(call: GuardedCall | undefined, reason: RateRefusal, retryAfterMs: number | undefined): void {
    call?.refuse(this.#keeper.refused(reason, retryAfterMs));
  }

  /** Empties the line, in its order. */
  #takeAll(): Turn[] {
    const all: Turn[] = [];
    for (let turn = this.ration.first; turn !== undefined; turn = this.ration.first) {
      this.ration.leave(turn);
      all.push(turn);
    }
    return all;
  }

  #arm(): void {
    if (this.#serving) return;
    const now = this.#clock.now();
    const at = this.ration.firstDueAt(now);
    // A timer that is too early is left: it costs less to wake once than to rearm whenever somebody leaves.
    if (at < Infinity && this.#timer !== undefined && this.#timerAt <= at) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (at === Infinity) return;
    this.#timerAt = at;
    // Somebody waits for this: the process must live to tell them.
    this.#timer = this.#clock.schedule(at - now, this.#wake, true);
  }
}
