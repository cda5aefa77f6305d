import { IntList, Reachability } from './reachability.js';

/** A message is a violation; so is a throw. Anything else means that all is well. */
// biome-ignore lint/suspicious/noConfusingVoidType: a check written as a block of assertions returns nothing.
export type Objection = string | undefined | void;

/** A thing that must stay possible: see {@link Machine.liveness}. */
export interface Liveness<S, E> {
  /** Printed when the property fails. */
  readonly name: string;
  /** Where the promise starts to hold. @default every reachable state */
  from?(state: S): boolean;
  /** What must be reached. */
  to(state: S): boolean;
  /** Whether this event may be counted on to happen (a fair or helpful one). @default every event */
  by?(event: E, state: S): boolean;
  /**
   * `some`: at least one path of helpful events leads to `to`, so the machine is never wedged.
   * `every`: all of them do. No helpful path ends early or goes round for ever; events that change nothing
   * are not steps. @default 'some'
   */
  readonly paths?: 'some' | 'every';
}

/** A small synchronous machine together with what must be true of it. */
export interface Machine<S, E> {
  /** Where it starts. Pass a function when the state is mutable. */
  readonly initial: S | (() => S);
  /** All that may happen next. The same state must offer the same events in the same order. */
  events(state: S): Iterable<E>;
  /** The state after `event`, as a NEW value: clone a mutable machine first, then drive the clone. */
  step(state: S, event: E): S;
  /**
   * The identity of a state. Two states with one key must behave alike from then on; leave out what does not
   * matter (absolute times, ever-growing counters), or the walk has no end.
   */
  key(state: S): string;
  /** Checked once on every state, the first included. */
  always?(state: S): Objection;
  /** Checked on every transition. */
  invariant?(before: S, event: E, after: S): Objection;
  /** Situations that must occur in at least one state: without them a green run may mean nothing. */
  readonly goals?: Readonly<Record<string, (state: S) => boolean>>;
  /** Checked by backward reachability once every state is known. At most 31. */
  readonly liveness?: readonly Liveness<S, E>[];
  /** More states than this is an error, never a silent stop. At most 16 million. @default 1_000_000 */
  readonly maxStates?: number;
  /** How an event is printed in a trace. @default strings as they are, the rest as JSON */
  show?(event: E): string;
}

/** What a complete walk saw. */
export interface Exploration {
  /** How many states there are. */
  readonly states: number;
  /** How many events were tried, all states together. */
  readonly transitions: number;
  /** Events on the shortest path to the farthest state. */
  readonly depth: number;
  /** In how many states each goal held. */
  readonly goals: Readonly<Record<string, number>>;
}

/**
 * Why a walk failed. `trace` is a shortest sequence of events that leads from the first state to `state`,
 * where it shows. `violation`: a check complained or the machine threw (then `cause` is what it threw, and
 * `state` the last good one). `goal`: never reached. `liveness`: `to` cannot be reached from `state`.
 * `limit`: more than `maxStates`. `machine`: `step` changes its argument.
 */
export class ExplorationError<S = unknown, E = unknown> extends Error {
  override readonly name = 'ExplorationError';
  /** What went wrong. */
  readonly reason: 'violation' | 'goal' | 'liveness' | 'limit' | 'machine';
  /** A shortest way there. */
  readonly trace: readonly E[];
  /** Where it shows. */
  readonly state: S;
  /** The counts up to this point. */
  readonly exploration: Exploration;

  constructor(
    message: string,
    details: Pick<ExplorationError<S, E>, 'reason' | 'trace' | 'state' | 'exploration'> & { cause?: unknown },
  ) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.reason = details.reason;
    this.trace = details.trace;
    this.state = details.state;
    this.exploration = details.exploration;
  }
}

/**
 * Walks EVERY reachable state of `machine`, breadth first, until nothing new turns up, and checks all that
 * was asked of it. Within the bounds of the machine a return is a proof. States are dropped once expanded
 * (only their keys stay), and a trace is rebuilt by replaying it, so a million states are practical.
 *
 * @throws ExplorationError with a shortest trace, one event a line.
 * @throws RangeError when `maxStates` is out of range or there are more than 31 liveness properties.
 * @example
 * ```ts
 * import { explore } from 'keelson/testing';
 * const { states } = explore<number, 'up' | 'down'>({
 *   initial: 0,
 *   events: n => (n < 3 ? ['up', 'down'] : ['down']),
 *   step: (n, event) => (event === 'up' ? n + 1 : Math.max(0, n - 1)),
 *   key: String,
 *   always: n => (n > 3 ? `${n} is above the limit` : undefined),
 * });
 * states; // => 4
 * ```
 */
export function explore<S, E>(machine: Machine<S, E>): Exploration {
  return new Walk(machine).run();
}

const MAX_STATES = 16_000_000;

/** The event that led to a failure, and what was thrown if something was. */
interface Last<E> {
  readonly event?: E;
  readonly cause?: unknown;
}

/** One walk. State ids count up in order of discovery, which is also the order of expansion. */
class Walk<S, E> {
  readonly #machine: Machine<S, E>;
  readonly #liveness: readonly Liveness<S, E>[];
  readonly #maxStates: number;
  readonly #ids = new Map<string, number>();
  readonly #goals: Record<string, number> = {};
  readonly #goalChecks: readonly [string, (state: S) => boolean][];
  /** Per state: where it was first seen from, and by which of that state's events (by position). */
  readonly #parents = new IntList();
  readonly #ordinals = new IntList();
  readonly #graph = new Reachability();
  #transitions = 0;
  #depth = 0;

  constructor(machine: Machine<S, E>) {
    this.#machine = machine;
    this.#liveness = machine.liveness ?? [];
    this.#maxStates = machine.maxStates ?? 1_000_000;
    if (!(this.#maxStates >= 1 && this.#maxStates <= MAX_STATES)) {
      throw new RangeError(`explore: \`maxStates\` must be 1..${MAX_STATES}, got ${this.#maxStates}`);
    }
    if (this.#liveness.length > 31) {
      throw new RangeError(`explore: \`liveness\` takes at most 31 properties, got ${this.#liveness.length}`);
    }
    this.#goalChecks = Object.entries(machine.goals ?? {});
    for (const [goal] of this.#goalChecks) this.#goals[goal] = 0;
  }

  run(): Exploration {
    const first = this.#first();
    let level: S[] = [];
    this.#discover(first, this.#machine.key(first), -1, -1, level);
    for (let id = 0; ; this.#depth++) {
      const next: S[] = [];
      for (const state of level) this.#expand(state, id++, next);
      if (next.length === 0) break;
      level = next;
    }
    this.#checkGoals(first);
    this.#liveness.forEach((property, index) => {
      this.#checkLiveness(property, 1 << index);
    });
    return this.#counts();
  }

  #first(): S {
    const { initial } = this.#machine;
    return typeof initial === 'function' ? (initial as () => S)() : initial;
  }

  #expand(state: S, id: number, next: S[]): void {
    const machine = this.#machine;
    let ordinal = 0;
    for (const event of machine.events(state)) {
      this.#transitions++;
      let after = state;
      let message: Objection;
      try {
        after = machine.step(state, event);
        message = machine.invariant?.(state, event, after);
      } catch (error) {
        this.#fail('violation', String(error), id, after, { event, cause: error });
      }
      if (message) this.#fail('violation', message, id, after, { event });
      const key = machine.key(after);
      const target = this.#ids.get(key) ?? this.#discover(after, key, id, ordinal, next, { event });
      if (this.#liveness.length > 0) this.#connect(id, target, event, state);
      ordinal++;
    }
    if (this.#ids.get(machine.key(state)) !== id) {
      this.#fail('machine', '`step` changed the state it was given: clone it first', id, state);
    }
  }

  /** Gives a state its id, checks it, and puts it in line to be expanded. */
  #discover(state: S, key: string, parent: number, ordinal: number, line: S[], last?: Last<E>): number {
    const id = this.#parents.length;
    if (id >= this.#maxStates) {
      const message = `more than ${this.#maxStates} states: bound the machine, or raise \`maxStates\``;
      this.#fail('limit', message, parent, state, last);
    }
    this.#ids.set(key, id);
    this.#parents.push(parent);
    this.#ordinals.push(ordinal);
    line.push(state);
    let message: Objection;
    try {
      message = this.#machine.always?.(state);
    } catch (error) {
      this.#fail('violation', String(error), parent, state, { ...last, cause: error });
    }
    if (message) this.#fail('violation', message, parent, state, last);
    for (const [goal, holds] of this.#goalChecks) if (holds(state)) this.#goals[goal]!++;
    if (this.#liveness.length > 0) this.#place(state);
    return id;
  }

  #place(state: S): void {
    let from = 0;
    let to = 0;
    for (let i = 0; i < this.#liveness.length; i++) {
      const property = this.#liveness[i]!;
      if (property.from?.(state) ?? true) from |= 1 << i;
      if (property.to(state)) to |= 1 << i;
    }
    this.#graph.state(from, to);
  }

  #connect(source: number, target: number, event: E, state: S): void {
    let helpful = 0;
    for (let i = 0; i < this.#liveness.length; i++) {
      if (this.#liveness[i]!.by?.(event, state) ?? true) helpful |= 1 << i;
    }
    this.#graph.transition(source, target, helpful);
  }

  #checkGoals(first: S): void {
    const missed = Object.keys(this.#goals).filter(goal => this.#goals[goal] === 0);
    if (missed.length === 0) return;
    const message = `never reached: ${missed.join(', ')} (in ${this.#parents.length} states)`;
    this.#fail('goal', message, -1, first);
  }

  #checkLiveness(property: Liveness<S, E>, bit: number): void {
    const every = property.paths === 'every';
    const id = this.#graph.firstStuck(bit, every);
    if (id === undefined) return;
    const why = every ? 'not every path of helpful events leads' : 'no path of helpful events leads';
    this.#fail('liveness', `${property.name}: ${why} there from here`, id, this.#replay(id).state);
  }

  /** Drives a fresh machine to the state with this id (-1: nowhere) along the path it was first found on. */
  #replay(id: number): { trace: E[]; state: S; strayed: boolean } {
    const path: number[] = [];
    for (let at = id; at > 0; at = this.#parents.at(at)) path.push(at);
    const trace: E[] = [];
    let state = this.#first();
    for (const expected of path.reverse()) {
      const events = [...this.#machine.events(state)];
      const ordinal = this.#ordinals.at(expected);
      if (ordinal >= events.length) return { trace, state, strayed: true };
      const event = events[ordinal] as E;
      trace.push(event);
      state = this.#machine.step(state, event);
      if (this.#ids.get(this.#machine.key(state)) !== expected) return { trace, state, strayed: true };
    }
    return { trace, state, strayed: false };
  }

  #fail(reason: ExplorationError['reason'], what: string, id: number, state: S, last?: Last<E>): never {
    const { trace, strayed } = this.#replay(id);
    if (last !== undefined && 'event' in last) trace.push(last.event as E);
    const lines = trace.map((event, index) => `\n  ${index + 1}. ${this.#show(event)}`);
    if (reason !== 'goal') lines.push(`\n  state: ${this.#machine.key(state)}`);
    if (strayed) lines.push('\n  (replayed, these events lead elsewhere: the machine is not deterministic)');
    const after = reason === 'goal' ? '' : ` after ${trace.length} event${trace.length === 1 ? '' : 's'}`;
    throw new ExplorationError<S, E>(`${reason}${after}: ${what}${lines.join('')}`, {
      reason,
      trace,
      state,
      exploration: this.#counts(),
      ...(last !== undefined && 'cause' in last ? { cause: last.cause } : undefined),
    });
  }

  #show(event: E): string {
    if (this.#machine.show !== undefined) return this.#machine.show(event);
    return typeof event === 'string' ? event : (JSON.stringify(event) ?? String(event));
  }

  #counts(): Exploration {
    const goals = { ...this.#goals };
    return { states: this.#parents.length, transitions: this.#transitions, depth: this.#depth, goals };
  }
}
