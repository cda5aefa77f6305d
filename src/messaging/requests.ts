import { BusClosedError, InvalidMessageError, RequestFailedError } from '../kernel/bus-errors.js';
import type { Clock, Timer } from '../kernel/clock.js';
import { factOf, RejectedError, TimeoutError } from '../kernel/errors.js';
import { onAbort } from '../kernel/on-abort.js';
import { show } from '../kernel/options.js';
import { issuesOf, issuesText } from '../kernel/schema-issues.js';
import type { StandardResult, StandardSchema } from '../kernel/standard-schema.js';
import type { Message } from './message.js';

/** The answer to a request as it travels. */
export type Reply =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly name: string;
      readonly message: string;
      readonly code: string | undefined;
    };

/** So much of an error's message goes back. */
const LONGEST_MESSAGE = 1_000;

/** What a handler's outcome looks like to whoever asked. No stack: that is the inside of a service. */
export function replyOf(ok: boolean, result: unknown): Reply {
  // JSON has no word for it.
  if (ok) return { ok, value: result === undefined ? null : result };
  const isError = result instanceof Error;
  const code = factOf(result, 'code');
  return {
    ok: false,
    name: isError ? result.name : typeof result,
    message: (isError ? result.message : show(result)).slice(0, LONGEST_MESSAGE),
    code: typeof code === 'string' ? code : undefined,
  };
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly schema: StandardSchema | undefined;
}

/** What a wait for an answer goes by. */
export interface RequestWait {
  readonly id: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly schema: StandardSchema | undefined;
}

/** So many requests wait for their answers at most. */
const MOST_WAITING = 10_000;

/** The requests that wait for their answers. */
export class Requests {
  readonly #clock: Clock;
  /** By the id of the request. The same id is the same message, so all who ask with it have the answer. */
  readonly #waiting = new Map<string, Set<Waiting>>();
  #size = 0;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Waits for the answer to the request that `send` publishes: unless, when it can, `isWanted` says that
   * nobody waits any more.
   */
  wait(
    { id, timeoutMs, signal, schema }: RequestWait,
    send: (isWanted: () => boolean) => Promise<unknown>,
  ): Promise<unknown> {
    if (this.#closed) return Promise.reject(new BusClosedError('the bus is closed'));
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#size >= MOST_WAITING) {
      const text = `${MOST_WAITING} requests wait for their answers already`;
      return Promise.reject(new RejectedError('ERR_BULKHEAD_FULL', text));
    }
    let timer: Timer | undefined;
    let off: (() => void) | undefined;
    let leave: (() => void) | undefined;
    let isOver = false;
    const answer = new Promise((resolve, reject) => {
      leave = this.#enter(id, { resolve, reject, schema });
      const late = (): void => reject(new TimeoutError(`no answer within ${timeoutMs} ms`, timeoutMs));
      timer = this.#clock.schedule(timeoutMs, late, true);
      if (signal !== undefined) off = onAbort(signal, () => reject(signal.reason));
      send(() => !isOver).catch(reject);
    });
    return answer.finally(() => {
      isOver = true;
      leave?.();
      timer?.cancel();
      off?.();
    });
  }

  /** Waits beside all others of that id; what it returns ends that. */
  #enter(id: string, waiting: Waiting): () => void {
    const alike = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, alike.add(waiting));
    this.#size++;
    return () => {
      this.#size--;
      alike.delete(waiting);
      if (alike.size === 0) this.#waiting.delete(id);
    };
  }

  /** An answer has come; one that nobody waits for any more is let go. */
  async receive(message: Message): Promise<void> {
    const alike = [...(this.#waiting.get(message.causationId ?? '') ?? [])];
    await Promise.all(alike.map(waiting => this.#answer(waiting, message)));
  }

  async #answer(waiting: Waiting, message: Message): Promise<void> {
    const reply = message.data as Reply;
    if (reply?.ok !== true) {
      const {
        name = 'Error',
        message: text = 'the other side failed',
        code,
      } = (reply ?? {}) as Partial<Extract<Reply, { ok: false }>>;
      waiting.reject(new RequestFailedError(String(text), String(name), code));
      return;
    }
    let result: StandardResult<unknown> | undefined;
    try {
      result = await waiting.schema?.['~standard'].validate(reply.value);
    } catch (error) {
      waiting.reject(error);
      return;
    }
    if (result?.issues !== undefined) {
      const issues = issuesOf(result.issues);
      const text = issuesText(issues, result.issues.length);
      waiting.reject(new InvalidMessageError(`the answer: ${text}`, issues));
    } else {
      waiting.resolve(result === undefined ? reply.value : result.value);
    }
  }

  close(): void {
    this.#closed = true;
    for (const alike of this.#waiting.values()) {
      for (const { reject } of alike) reject(new BusClosedError('the bus was closed'));
    }
  }
}
