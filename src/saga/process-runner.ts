import type { Clock } from '../kernel/clock.js';
import type { Emitter } from '../kernel/events.js';
import { show } from '../kernel/options.js';
import { systemRandom } from '../kernel/random.js';
import type { BusMessage } from './process-bus.js';
import type { AnyProcess } from './process-definition.js';
import {
  ProcessBacklogError,
  ProcessConflictError,
  ProcessDecisionError,
  ProcessNotStartedError,
} from './process-errors.js';
import type { ProcessEvents } from './process-events.js';
import type { ProcessDefaults, ProcessOutcome } from './process-options.js';
import { type ProcessInput, ProcessStep } from './process-step.js';
import type { ProcessChange, ProcessStore, ProcessTimeout, SavedProcess } from './process-store.js';

const LONGEST_KEY = 255;
/** The first wait after a conflict, and the longest, in ms; spread by chance. */
const CONFLICT_MS = 2;
const LONGEST_CONFLICT_MS = 100;

/** What a runner is made of. */
export interface RunnerParts {
  readonly definition: AnyProcess;
  readonly rules: ProcessDefaults;
  readonly store: ProcessStore;
  readonly clock: Clock;
  readonly events: Emitter<ProcessEvents>;
  /** There is something to publish. */
  readonly onSends: () => void;
}

/** Leads messages and timeouts through the store, one after the other for each process. */
export class ProcessRunner {
  readonly counts = {
    ...{ running: 0, started: 0, ended: 0, handled: 0, duplicates: 0, ignored: 0, late: 0 },
    ...{ stale: 0, conflicts: 0, published: 0, parked: 0 },
  };
  readonly #parts: RunnerParts;
  readonly #step: ProcessStep;
  /** By key, the end of what is handled last. */
  readonly #lanes = new Map<string, Promise<unknown>>();

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.#step = new ProcessStep(parts.definition, parts.rules);
  }

  /** Handles a message. */
  async receive(type: string, message: BusMessage): Promise<ProcessOutcome> {
    const { id, data, time, headers, correlationId, trace } = message;
    const cause = { id, correlationId, ...(trace === undefined ? {} : { trace }) };
    const input: ProcessInput = { type, id, data, time, headers, cause };
    const key = this.#keyOf(input);
    if (key === undefined) {
      this.counts.ignored++;
      return 'ignored';
    }
    return this.#inLane(key, () => this.#handle(key, input));
  }

  /** Wakes processes whose timeouts are due, once; whether there may be more. */
  async wakeDue(): Promise<boolean> {
    const { definition, store, rules, clock } = this.#parts;
    const until = clock.now() + rules.leaseMs;
    const due = await store.claimTimeouts(definition.name, rules.batch, rules.leaseMs);
    await Promise.all(
      due.map(timeout =>
        this.#inLane(timeout.key, () => this.#wake(timeout, until)).catch((error: unknown) => {
          this.tell('timeoutFailed', { key: timeout.key, type: timeout.name, error });
        }),
      ),
    );
    return due.length === rules.batch;
  }

  /** Resolves when nothing is being handled. */
  async idle(): Promise<void> {
    await Promise.all(this.#lanes.values());
  }

  tell<Name extends Exclude<keyof ProcessEvents, 'interrupted'>>(
    event: Name,
    facts: Omit<ProcessEvents[Name], 'process' | 'at'>,
  ): void {
    const { events, definition, clock } = this.#parts;
    if (!events.has(event)) return;
    const payload = { process: definition.name, ...facts, at: clock.wall() };
    events.emit(event, payload as ProcessEvents[Name]);
  }

  #keyOf(input: ProcessInput): string | undefined {
    const { cause: _, ...message } = input;
    const key: unknown = this.#parts.definition.correlate(message as never);
    if (key === undefined) return undefined;
    if (typeof key === 'string' && key !== '' && key.length <= LONGEST_KEY) return key;
    const rule = `\`correlate\` must return 1 to ${LONGEST_KEY} characters, or undefined`;
    throw new ProcessDecisionError(`${this.#parts.definition.name}: ${rule}, got ${show(key)}`);
  }

  /** Messages of one process go one after the other here: else they would be in each other's way. */
  async #inLane<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#lanes.get(key);
    const turn = before === undefined ? work() : before.then(work);
    const end = turn.then(
      () => {},
      () => {},
    );
    this.#lanes.set(key, end);
    this.counts.running++;
    try {
      return await turn;
    } finally {
      this.counts.running--;
      if (this.#lanes.get(key) === end) this.#lanes.delete(key);
    }
  }

  async #handle(key: string, input: ProcessInput): Promise<ProcessOutcome> {
    const { store, definition, rules } = this.#parts;
    for (let attempt = 1; attempt <= rules.maxConflicts; attempt++) {
      const { saved, seen, waiting } = await store.load(definition.name, key, input.id, this.#countTo);
      const { type } = input;
      if (seen) {
        this.counts.duplicates++;
        this.tell('duplicate', { key, type });
        return 'duplicate';
      }
      if (saved?.ended) {
        if (await store.commit(lateOf(definition.name, key, saved, input.id))) {
          this.counts.late++;
          this.tell('late', { key, type });
          return 'late';
        }
      } else {
        if (saved === undefined && definition.startedBy?.includes(type) === false) {
          const text = `${definition.name}: ${show(type)} is for ${show(key)}, which has not started`;
          throw new ProcessNotStartedError(text);
        }
        const change = await this.#step.take(key, saved, input);
        if (change === undefined) {
          this.counts.ignored++;
          return 'ignored';
        }
        this.#checkBacklog(change, waiting);
        if (await this.#commit(change, type)) return 'handled';
      }
      await this.#conflict(key, type, attempt);
    }
    const text = `${definition.name}: ${show(key)} was changed by others ${rules.maxConflicts} times`;
    throw new ProcessConflictError(text);
  }

  /** What a timeout leads to, if its process still waits for it; and the lease still holds. */
  async #wake(timeout: ProcessTimeout, until: number): Promise<void> {
    const { store, definition, clock } = this.#parts;
    const { key, name, generation } = timeout;
    for (let attempt = 1; clock.now() < until; attempt++) {
      const { saved, waiting } = await store.load(definition.name, key, undefined, this.#countTo);
      if (saved === undefined || saved.ended || saved.timeouts[name] !== generation) {
        await store.dropTimeout(definition.name, timeout);
        this.counts.stale++;
        this.tell('stale', { key, type: name });
        return;
      }
      const id = `${definition.name}/${key}/${name}/${generation}`;
      const facts = { id, time: undefined, headers: {}, data: undefined, cause: undefined };
      const change = await this.#step.take(key, saved, { type: name, ...facts });
      if (change !== undefined) this.#checkBacklog(change, waiting);
      if (change !== undefined && (await this.#commit(change, name))) return;
      await this.#conflict(key, name, attempt);
    }
  }

  /** Nobody has to know how much waits where there is no bound to it. */
  get #countTo(): number {
    const { maxWaiting } = this.#parts.rules;
    return maxWaiting === Infinity ? 0 : maxWaiting;
  }

  /** Where so much waits already, nothing is added: whatever stands in its way may do so for days. */
  #checkBacklog({ key, sends }: ProcessChange, waiting: number): void {
    const { definition, rules } = this.#parts;
    if (sends.length === 0 || waiting < rules.maxWaiting) return;
    const text = `${definition.name}: ${show(key)} has ${waiting} commands that wait to be published`;
    throw new ProcessBacklogError(`${text}, \`maxWaiting\` is ${rules.maxWaiting}`);
  }

  async #commit(change: ProcessChange, type: string): Promise<boolean> {
    if (!(await this.#parts.store.commit(change))) return false;
    const { key, next, expected, sends } = change;
    this.counts.handled++;
    if (expected === 0) {
      this.counts.started++;
      this.tell('started', { key });
    }
    this.tell('handled', { key, type, version: next.version });
    if (next.ended) {
      this.counts.ended++;
      this.tell('ended', { key });
    }
    if (sends.length > 0) this.#parts.onSends();
    return true;
  }

  #conflict(key: string, type: string, attempt: number): Promise<void> {
    this.counts.conflicts++;
    this.tell('conflict', { key, type });
    const most = Math.min(CONFLICT_MS * 2 ** Math.min(attempt, 20), LONGEST_CONFLICT_MS);
    return new Promise(resolve => {
      this.#parts.clock.schedule(most * systemRandom(), resolve, true);
    });
  }
}

/** A tombstone that has seen one message more. */
function lateOf(process: string, key: string, saved: SavedProcess, message: string): ProcessChange {
  const next = { ...saved, version: saved.version + 1, late: saved.late + 1 };
  const nothing = { sends: [], schedule: [], cancel: [] };
  return { process, key, expected: saved.version, next, message, ...nothing };
}
