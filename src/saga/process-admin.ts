import type { ErrorWords } from '../core/saga-state.js';
import { checkKeys, checkNumber, isRecord, refuse } from '../kernel/options.js';
import { checkText, LONGEST_SAID } from './check-input.js';
import type { ProcessEvents } from './process-events.js';
import type { ParkedCommand, ParkedQuery, ProcessParking } from './process-parking.js';

/** Which part of a list is wanted. */
export interface ParkedListOptions {
  /** Only what comes after this: the `key`, or the `position`, of the last one. @default from the first */
  readonly after?: string;
  /** How many at most, 1 to 10000. @default 100 */
  readonly limit?: number;
}

/** Which of what is parked is meant. */
export interface ParkedChoice {
  /** Says it of each. @default all of them */
  readonly where?: (parked: ParkedProcess) => boolean;
}

/** A process whose commands stand still until somebody decides. Times are epoch ms of the store. */
export interface ParkedProcess {
  /** Which process. */
  readonly key: string;
  /** The id of the command that could not be published. */
  readonly id: string;
  /** Where it was to go, by the name of `sends`; `undefined` where that cannot be read. */
  readonly to: string | undefined;
  /** What was to be sent; `undefined` where that cannot be read. */
  readonly data: unknown;
  /** How often it was refused. */
  readonly tries: number;
  /** How often a program that was to publish it was not heard of again. */
  readonly crashes: number;
  /** What it failed with last. */
  readonly error: ErrorWords;
  /** When that began. */
  readonly since: number;
  /** When it was parked. */
  readonly parkedAt: number;
  /** How many commands of the process wait, this one included. */
  readonly waiting: number;
}

/** A command that somebody threw away. */
export interface DiscardedFromProcess extends Omit<ParkedProcess, 'waiting'> {
  /** What a list goes on after. */
  readonly position: string;
  /** Why it was thrown away. */
  readonly reason: string;
  /** When it was thrown away. */
  readonly discardedAt: number;
}

/** So many are asked for at a time. */
const PART = 100;

type Tell = (event: 'unparked', facts: Omit<ProcessEvents['unparked'], 'process' | 'at'>) => void;

/** What people do about commands that cannot be published. */
export class ProcessAdmin {
  readonly #process: string;
  readonly #store: ProcessParking;
  readonly #tell: Tell;
  readonly #wake: () => void;

  constructor(process: string, store: ProcessParking, tell: Tell, wake: () => void) {
    this.#process = process;
    this.#store = store;
    this.#tell = tell;
    this.#wake = wake;
  }

  async parked(options: ParkedListOptions): Promise<readonly ParkedProcess[]> {
    const found = await this.#store.parked(this.#process, queryOf('parked', options));
    return found.map(command => ({ ...shown(command), waiting: command.waiting }));
  }

  async retry(key: string): Promise<boolean> {
    checkText('retryParked', 'key', key);
    const id = await this.#store.unpark(this.#process, key);
    if (id === undefined) return false;
    this.#tell('unparked', { key, id, how: 'retried', reason: undefined });
    this.#wake();
    return true;
  }

  async discard(key: string, id: string, reason: string): Promise<boolean> {
    for (const [option, text] of Object.entries({ key, id })) checkText('discardParked', option, text);
    checkText('discardParked', 'reason', reason, LONGEST_SAID);
    if (!(await this.#store.discard(this.#process, key, id, reason))) return false;
    this.#tell('unparked', { key, id, how: 'discarded', reason });
    this.#wake();
    return true;
  }

  async retryAll(options: ParkedChoice): Promise<number> {
    return this.#each('retryAllParked', options, ({ key }) => this.retry(key));
  }

  async discardAll(reason: string, options: ParkedChoice): Promise<number> {
    checkText('discardAllParked', 'reason', reason, LONGEST_SAID);
    return this.#each('discardAllParked', options, ({ key, id }) => this.discard(key, id, reason));
  }

  /** Goes once through the keys that are parked, in parts; of how many `act` says that it did something. */
  async #each(
    verb: string,
    options: ParkedChoice,
    act: (parked: ParkedProcess) => Promise<boolean>,
  ): Promise<number> {
    checkKeys(verb, options, ['where']);
    const { where = () => true } = options;
    if (typeof where !== 'function') refuse(verb, 'where', 'a function', where);
    let done = 0;
    let after: string | undefined;
    for (;;) {
      const part = await this.parked({ limit: PART, ...(after !== undefined && { after }) });
      for (const one of part) if (where(one) && (await act(one))) done++;
      if (part.length < PART) return done;
      after = part.at(-1)!.key;
    }
  }

  async discarded(options: ParkedListOptions): Promise<readonly DiscardedFromProcess[]> {
    const found = await this.#store.discarded(this.#process, queryOf('discarded', options));
    return found.map(command => {
      const { position, reason, discardedAt } = command;
      return { ...shown(command), position, reason, discardedAt };
    });
  }
}

function queryOf(verb: string, options: ParkedListOptions): ParkedQuery {
  checkKeys(verb, options, ['after', 'limit']);
  const { after, limit = 100 } = options;
  if (after !== undefined) checkText(verb, 'after', after);
  return { after, limit: checkNumber(verb, 'limit', limit, { min: 1, max: 10_000, integer: true }) };
}

function shown(command: ParkedCommand): Omit<ParkedProcess, 'waiting'> {
  const { key, id, tries, crashes, error, since, parkedAt } = command;
  const { to, data } = readBody(command.body);
  const where = typeof to === 'string' ? to : undefined;
  return { key, id, to: where, data, tries, crashes, error, since, parkedAt };
}

/** What cannot be read may be the very reason why it is here. */
function readBody(text: string): { readonly to?: unknown; readonly data?: unknown } {
  try {
    const body: unknown = JSON.parse(text);
    return isRecord(body) ? body : {};
  } catch {
    return {};
  }
}
