import type { CallContext, CallOptions } from '../../src/kernel/context.js';
import { pipeline } from '../../src/kernel/pipeline.js';
import type { AbandonableCall, Guard, ParkedCall, Policy } from '../../src/kernel/policy.js';
import { Timeout } from '../../src/resilience/timeout.js';
import { type CountingSignal, countingSignal } from '../../src/testing/counting-signal.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';

/** `shared` has one permit for all calls, `fickle` may refuse or park when asked to. */
export type GuardKind = 'fresh' | 'shared' | 'parks' | 'fickle' | 'gives up' | 'timeout';

/** Everything that happened to one call, in order. */
export interface CallRecord {
  readonly id: number;
  readonly caller: CountingSignal;
  /** Whether the call was told of its caller's signal. */
  readonly listens: boolean;
  /** `enter` and `exit` with the place of the guard. */
  readonly events: (
    | { readonly what: 'enter' | 'exit'; readonly place: number }
    | { readonly what: 'starts' | 'settles' | 'answered' }
  )[];
  answers: number;
  operation: { resolve(value: string): void; reject(error: unknown): void } | undefined;
}

interface Permit {
  readonly place: number;
  readonly call: CallRecord;
  returned: number;
}

interface Ticket {
  readonly place: number;
  readonly call: CallRecord;
  readonly parked: ParkedCall<Permit>;
}

/** What the fickle guards do in turn; `abort` and `leave` make the caller give up, and admit or park then. */
export type Whims = readonly ('admit' | 'refuse' | 'park' | 'abort' | 'leave')[];

const SPAN_MS = 50;

/** A pipeline of guards that write down all that they hand out and get back. */
export class GuardStack {
  readonly clock: VirtualClock = new VirtualClock();
  readonly kinds: readonly GuardKind[];
  readonly calls: CallRecord[] = [];
  readonly permits: Permit[] = [];
  /** Where calls wait, longest first. */
  readonly line: Ticket[] = [];
  /** What happened that may not. */
  readonly complaints: string[] = [];
  /** The permits that are out of the guards that hand out one for all, by place. */
  readonly shared: number[];
  readonly #givers = new Map<CallRecord, AbandonableCall[]>();
  readonly #timeouts: Timeout[] = [];
  readonly #policy: Policy;
  readonly #whims: Whims;
  #whim = 0;
  /** Whose guards run at this moment: all that a call does in one turn is its own. */
  #current: CallRecord | undefined;

  constructor(kinds: readonly GuardKind[], whims: Whims) {
    this.kinds = kinds;
    this.shared = kinds.map(() => 0);
    this.#whims = whims;
    this.#policy = pipeline(...(kinds.map((kind, place) => this.#guard(kind, place)) as Policy[]));
  }

  start(options?: CallOptions & { readonly listens: boolean }): CallRecord {
    const { listens = false, ...given } = options ?? {};
    const call: CallRecord = {
      id: this.calls.length,
      caller: countingSignal(),
      listens,
      events: [],
      answers: 0,
      operation: undefined,
    };
    this.calls.push(call);
    const said = options && { ...given, ...(listens ? { signal: call.caller.signal } : {}) };
    const answered = (): void => {
      call.answers++;
      call.events.push({ what: 'answered' });
    };
    this.#as(call, () => {
      this.#policy
        .execute(
          () =>
            new Promise<string>((resolve, reject) => {
              if (call.operation !== undefined) this.complaints.push(`call ${call.id} started twice`);
              if (call.answers > 0) this.complaints.push(`call ${call.id} started after its answer`);
              call.events.push({ what: 'starts' });
              call.operation = { resolve, reject };
            }),
          said,
        )
        .then(answered, answered);
    });
    return call;
  }

  /** Lets the waiting call at `at` go on; false when nobody waits. */
  admit(at: number): boolean {
    const ticket = this.#take(at);
    if (ticket === undefined) return false;
    this.#as(ticket.call, () => ticket.parked.admit(this.#permit(ticket.place, ticket.call)));
    return true;
  }

  refuse(at: number): void {
    const ticket = this.#take(at);
    if (ticket !== undefined) this.#as(ticket.call, () => ticket.parked.refuse(new Error('refused')));
  }

  abort(call: CallRecord): void {
    this.#as(call, () => call.caller.abort('gone'));
  }

  /** One of the guards that may give up on `call` does, or only cancels it. */
  giveUp(call: CallRecord, which: number, merely: boolean): void {
    const givers = this.#givers.get(call);
    const giver = givers?.[which % givers.length];
    if (giver === undefined) return;
    this.#as(call, () => (merely ? giver.cancel('cancelled') : giver.giveUp('given up')));
  }

  settle(call: CallRecord, ok: boolean): void {
    if (call.operation === undefined || call.events.some(event => event.what === 'settles')) return;
    call.events.push({ what: 'settles' });
    if (ok) call.operation.resolve('value');
    else call.operation.reject(new Error('failed'));
  }

  /** The calls in the line whose caller has given up. */
  get forsaken(): number {
    return this.line.filter(({ call }) => call.listens && call.caller.signal.aborted).length;
  }

  /** The calls that the timeouts still count. */
  get timed(): number {
    return this.#timeouts.reduce((sum, timeout) => sum + timeout.snapshot().running, 0);
  }

  #take(at: number): Ticket | undefined {
    return this.line.length === 0 ? undefined : this.line.splice(at % this.line.length, 1)[0];
  }

  #as(call: CallRecord, act: () => void): void {
    const before = this.#current;
    this.#current = call;
    act();
    this.#current = before;
  }

  #permit(place: number, call: CallRecord): Permit {
    const permit = { place, call, returned: 0 };
    this.permits.push(permit);
    call.events.push({ what: 'enter', place });
    return permit;
  }

  #guard(kind: GuardKind, place: number): Guard | Timeout {
    if (kind === 'timeout') {
      const timeout = new Timeout({ timeoutMs: SPAN_MS, clock: this.clock });
      this.#timeouts.push(timeout);
      return timeout;
    }
    if (kind === 'shared') return this.#sharing(place);
    return {
      clock: this.clock,
      givesUp: kind === 'gives up',
      enter: (context: CallContext) => this.#enter(kind, place, context),
      wait: (parked: ParkedCall<Permit>) => this.#wait(place, parked),
      withdraw: (ticket: unknown) => this.#withdraw(ticket as Ticket),
      exit: (permit: unknown) => this.#exit(permit as Permit, place),
    } as Guard;
  }

  #sharing(place: number): Guard {
    const permit = { shared: place };
    return {
      enter: () => {
        this.shared[place]!++;
        return permit;
      },
      exit: returned => {
        if (returned !== permit) this.complaints.push(`the guard at ${place} got a strange permit`);
        this.shared[place]!--;
      },
    };
  }

  #enter(kind: GuardKind, place: number, context: CallContext): Permit | undefined {
    const call = this.#current!;
    const whim = kind === 'fickle' ? (this.#whims[this.#whim++ % this.#whims.length] ?? 'admit') : 'admit';
    if (whim === 'abort' || whim === 'leave') call.caller.abort('whim');
    if (kind === 'parks' || whim === 'park' || whim === 'leave') return undefined;
    if (whim === 'refuse') throw new Error('whim');
    if (kind === 'gives up') {
      const givers = this.#givers.get(call) ?? [];
      this.#givers.set(call, [...givers, context as unknown as AbandonableCall]);
    }
    return this.#permit(place, call);
  }

  #wait(place: number, parked: ParkedCall<Permit>): Ticket {
    const ticket = { place, call: this.#current!, parked };
    this.line.push(ticket);
    return ticket;
  }

  #withdraw(ticket: Ticket): void {
    const at = this.line.indexOf(ticket);
    if (at < 0) this.complaints.push(`a call was withdrawn at ${ticket.place} that does not wait there`);
    else this.line.splice(at, 1);
  }

  #exit(permit: Permit, place: number): void {
    permit.returned++;
    if (permit.place !== place) this.complaints.push(`the guard at ${place} got a permit of ${permit.place}`);
    if (permit.returned > 1) this.complaints.push(`a permit of ${place} came back ${permit.returned} times`);
    permit.call.events.push({ what: 'exit', place });
  }
}
