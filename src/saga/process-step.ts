import { isData, isRecord, show } from '../kernel/options.js';
import { newId } from '../kernel/random.js';
import { checkCommand } from './process-command.js';
import type { AnyProcess, ProcessMessageFacts } from './process-definition.js';
import { ProcessDecisionError } from './process-errors.js';
import type { ProcessChange, SavedProcess } from './process-store.js';

/** What stands behind a message: what its answers say of where they come from. */
export interface ProcessCause {
  /** That of the message. */
  readonly id: string;
  /** What all that follows from one beginning shares. */
  readonly correlationId: string;
  /** Where its publisher stood in a distributed trace. */
  readonly trace?: unknown;
}

/** What is kept of a command until it is published. */
export interface OutboxBody {
  readonly to: string;
  /** Of which version of its topic the data is; `undefined` where it was written before this was kept. */
  readonly version?: number;
  readonly data: unknown;
  readonly key: string | undefined;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly correlationId: string;
  readonly cause: ProcessCause | undefined;
}

/** A message, or a timeout whose time has come. */
export interface ProcessInput extends ProcessMessageFacts {
  readonly type: string;
  readonly data: unknown;
  /** `undefined` for a timeout. */
  readonly cause: ProcessCause | undefined;
}

/** The bounds of a decision. */
export interface ProcessBounds {
  readonly maxStateBytes: number;
  readonly maxSends: number;
}

const decisionKeys = ['events', 'send', 'schedule', 'cancel', 'end'];

/** A decision as it is followed, checked. */
interface Decision {
  readonly events: readonly unknown[];
  readonly send: readonly unknown[];
  readonly schedule: Readonly<Record<string, number | true>>;
  readonly cancel: readonly string[];
  readonly end: boolean;
}

/** One step of a process: from a message to what is written. */
export class ProcessStep {
  readonly #definition: AnyProcess;
  readonly #bounds: ProcessBounds;

  constructor(definition: AnyProcess, bounds: ProcessBounds) {
    this.#definition = definition;
    this.#bounds = bounds;
  }

  /**
   * What is to be written; `undefined` when nothing happens where no process is.
   *
   * @throws ProcessDecisionError; what the functions of the definition, or the checks of a topic, throw.
   */
  async take(
    key: string,
    saved: SavedProcess | undefined,
    input: ProcessInput,
  ): Promise<ProcessChange | undefined> {
    const { initial, decide } = this.#definition;
    const state: unknown = saved === undefined ? initial() : JSON.parse(saved.state);
    const { cause, ...message } = input;
    const decided: unknown = decide(state, message as never);
    if (saved === undefined && (decided === undefined || decided === null)) return undefined;
    const decision = this.#read(decided, input);
    const correlationId = saved?.correlationId ?? cause?.correlationId ?? input.id;
    const version = (saved?.version ?? 0) + 1;
    const timeouts = new Map(Object.entries(saved?.timeouts ?? {}));
    const running = [...timeouts.keys()];
    if (cause === undefined) timeouts.delete(input.type);
    for (const name of decision.end ? running : decision.cancel) timeouts.delete(name);
    const schedule = decision.end ? [] : this.#scheduled(decision);
    for (const { name } of schedule) timeouts.set(name, version);
    return {
      process: this.#definition.name,
      key,
      expected: version - 1,
      next: {
        version,
        state: this.#evolved(state, decision.events, input),
        timeouts: Object.fromEntries(timeouts),
        correlationId,
        ended: decision.end,
        late: 0,
      },
      message: cause === undefined ? undefined : input.id,
      sends: await this.#sends(key, decision, correlationId, input),
      schedule,
      cancel: running.filter(name => !timeouts.has(name)),
    };
  }

  #refuse(input: ProcessInput, rule: string, got: unknown, cause?: unknown): never {
    const text = `${this.#definition.name}: at ${show(input.type)}, ${rule}, got ${show(got)}`;
    throw new ProcessDecisionError(text, cause === undefined ? {} : { cause });
  }

  #read(decided: unknown, input: ProcessInput): Decision {
    if (decided === undefined || decided === null) {
      return { events: [], send: [], schedule: {}, cancel: [], end: false };
    }
    if (!isRecord(decided) || typeof decided['then'] === 'function') {
      this.#refuse(input, '`decide` must return a decision at once, or nothing', decided);
    }
    const stranger = Object.keys(decided).find(name => !decisionKeys.includes(name));
    if (stranger !== undefined) {
      this.#refuse(input, `a decision must be of ${decisionKeys.join(', ')}`, stranger);
    }
    const { events = [], send = [], schedule = {}, cancel = [], end = false } = decided as Partial<Decision>;
    const timeouts = Object.keys(this.#definition.timeouts ?? {});
    for (const [part, value] of Object.entries({ events, send, cancel })) {
      if (!Array.isArray(value)) this.#refuse(input, `\`${part}\` must be an array`, value);
    }
    if (!isRecord(schedule)) this.#refuse(input, '`schedule` must be an object', schedule);
    if (typeof end !== 'boolean') this.#refuse(input, '`end` must be true or false', end);
    for (const name of [...cancel, ...Object.keys(schedule)]) {
      if (!timeouts.includes(name)) this.#refuse(input, 'timeouts must be of the definition', name);
    }
    const { maxSends } = this.#bounds;
    if (send.length > maxSends) this.#refuse(input, `\`send\` must have at most ${maxSends}`, send.length);
    return { events, send, schedule, cancel, end };
  }

  #scheduled({ schedule }: Decision): readonly { name: string; afterMs: number }[] {
    const spans = this.#definition.timeouts as Readonly<Record<string, number>>;
    return Object.entries(schedule)
      .filter(([, ms]) => ms !== undefined)
      .map(([name, ms]) => {
        const afterMs = ms === true ? spans[name]! : ms;
        if (typeof afterMs === 'number' && afterMs >= 0 && afterMs <= 2 ** 43) return { name, afterMs };
        const text = `${this.#definition.name}: \`schedule.${name}\` must be true or a number >= 0`;
        throw new ProcessDecisionError(`${text}, got ${show(ms)}`);
      });
  }

  #evolved(state: unknown, events: readonly unknown[], input: ProcessInput): string {
    let next = state;
    for (const event of events) next = this.#definition.evolve(next, event);
    if (!isData(next)) this.#refuse(input, 'the state must be JSON data', next);
    const text = JSON.stringify(next);
    const bytes = new TextEncoder().encode(text).length;
    const { maxStateBytes } = this.#bounds;
    if (bytes > maxStateBytes) {
      this.#refuse(input, `the state must have at most ${maxStateBytes} bytes`, bytes);
    }
    return text;
  }

  /** Asks the topics now: what does not fit would stand in the way of all that comes after it. */
  #sends(
    key: string,
    { send }: Decision,
    correlationId: string,
    input: ProcessInput,
  ): Promise<readonly { readonly id: string; readonly body: string }[]> {
    const topics = this.#definition.sends ?? {};
    const refuse = (rule: string, got: unknown): never => this.#refuse(input, rule, got);
    const written = send.map(async command => {
      const checked = await checkCommand(topics, key, command, refuse);
      const body: OutboxBody = { ...checked, correlationId, cause: input.cause };
      return { id: newId(), body: JSON.stringify(body) };
    });
    return Promise.all(written);
  }
}
