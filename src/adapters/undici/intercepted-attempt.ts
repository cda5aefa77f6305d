import type { Clock, Timer } from '../../kernel/clock.js';
import type { CallContext } from '../../kernel/context.js';
import { AbandonedError } from '../../kernel/errors.js';
import { DRAIN_BYTES, DRAIN_MS } from '../../resilience/http-outcome.js';
import type { UndiciAnswer, UndiciFields } from './undici-answer.js';
import type { UndiciController, UndiciHandler } from './undici-module.js';

/** What an attempt needs of the request that it belongs to. */
export interface AttemptOwner {
  readonly clock: Clock;
  /** Whether whoever asked wants no more for now. */
  readonly paused: boolean;
  /** Whether an answer of this status is to be judged before anything of it is handed on. */
  holds(status: number): boolean;
  /** It has ended, whatever became of it. */
  left(attempt: InterceptedAttempt): void;
  /** A request begins to be sent. */
  started(context: unknown): void;
  /** Makes `attempt` the one whose answer is handed on, unless there is one already. */
  claim(attempt: InterceptedAttempt): boolean;
  /** Something before the answer, such as early hints. */
  interim(controller: UndiciController, status: number, headers: UndiciFields, reason?: string): void;
  /** What is handed on to whoever asked. */
  head(controller: UndiciController, status: number, headers: UndiciFields, reason?: string): void;
  data(controller: UndiciController, chunk: Uint8Array): void;
  end(controller: UndiciController, trailers: UndiciFields): void;
  fail(error: unknown): void;
}

type Part =
  | { readonly chunk: Uint8Array }
  | { readonly trailers: UndiciFields }
  | { readonly error: unknown };

/** The answer of an attempt, which policies judge and let go of. */
export class AttemptAnswer implements UndiciAnswer {
  readonly status: number;
  readonly headers: UndiciFields;
  readonly #attempt: InterceptedAttempt;

  constructor(attempt: InterceptedAttempt, status: number, headers: UndiciFields) {
    this.#attempt = attempt;
    this.status = status;
    this.headers = headers;
  }

  /** It is taken for the answer of `owner`; `false` when it is none of its, or not there any more. */
  isTakenBy(owner: AttemptOwner): boolean {
    return this.#attempt.takenBy(owner);
  }

  /** Nobody will read it: its connection is freed. */
  [Symbol.dispose](): void {
    this.#attempt.letGo();
  }
}

/** One attempt: what a policy runs, from its request until its answer is judged, or has ended. */
export class InterceptedAttempt implements UndiciHandler {
  readonly #owner: AttemptOwner;
  readonly #unsubscribe: () => void;
  readonly #settled: Promise<UndiciAnswer>;
  #resolve!: (answer: UndiciAnswer) => void;
  #reject!: (error: unknown) => void;
  #controller: UndiciController | undefined;
  #answer: AttemptAnswer | undefined;
  #reason: string | undefined;
  #stage: 'asking' | 'held' | 'handing on' | 'draining' | 'over' = 'asking';
  /** What came in spite of the pause: sources that hold all of an answer do not heed it. */
  #parts: Part[] = [];
  #drained = 0;
  #failure: unknown;
  #timer: Timer | undefined;

  constructor(owner: AttemptOwner, context: CallContext) {
    this.#owner = owner;
    this.#settled = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#unsubscribe = context.onCancel(() => this.abort(context.reason));
  }

  /** Sends the request. Settles when the answer is there that is to be judged, or has ended. */
  run(send: (attempt: InterceptedAttempt) => void): Promise<UndiciAnswer> {
    try {
      send(this);
    } catch (error) {
      this.#fail(error);
    }
    return this.#settled;
  }

  /** Ends it, whatever it is at. */
  abort(reason: unknown): void {
    const controller = this.#controller;
    this.#fail(reason);
    // Without one it waits for a connection, and is told when it has got one.
    controller?.abort(reason as Error);
  }

  /** Its answer is the one that whoever asked shall have. */
  takenBy(owner: AttemptOwner): boolean {
    if (owner !== this.#owner || this.#stage !== 'held' || !owner.claim(this)) return false;
    this.#stage = 'handing on';
    const { status, headers } = this.#answer!;
    this.#hand(() => owner.head(this.#controller!, status, headers, this.#reason));
    this.resume();
    return true;
  }

  /** Nobody wants it: what is left of a small answer is read, so that its connection can be used again. */
  letGo(): void {
    if (this.#stage === 'asking') this.abort(new AbandonedError('undici: the request has another answer'));
    if (this.#stage !== 'held') return;
    this.#stage = 'draining';
    const ended = this.#parts.some(part => !('chunk' in part));
    this.#parts = [];
    if (ended || Number(this.#answer!.headers['content-length']) > DRAIN_BYTES) this.#cutOff();
    else {
      this.#timer = this.#owner.clock.schedule(DRAIN_MS, () => this.#cutOff());
      this.#controller!.resume();
    }
  }

  /** Whoever asked wants more. */
  resume(): void {
    while (this.#parts.length > 0 && !this.#owner.paused) this.#handOn(this.#parts.shift()!);
    if (this.#stage === 'handing on' && !this.#owner.paused) this.#controller!.resume();
  }

  pause(): void {
    this.#controller?.pause();
  }

  onRequestStart(controller: UndiciController, context?: unknown): void {
    this.#controller = controller;
    if (this.#stage === 'over') controller.abort(this.#failure as Error);
    else this.#owner.started(context);
  }

  onRequestUpgrade(controller: UndiciController): void {
    // Nobody asked for it: what asks for a connection is not intercepted.
    controller.abort(new TypeError('undici: a connection was handed over that nobody had asked for'));
  }

  onResponseStart(controller: UndiciController, status: number, fields: unknown, reason?: string): void {
    if (this.#stage !== 'asking') return;
    const headers = fields as UndiciFields;
    if (status < 200) {
      this.#owner.interim(controller, status, headers, reason);
      return;
    }
    this.#answer = new AttemptAnswer(this, status, headers);
    this.#reason = reason;
    if (this.#owner.holds(status)) {
      this.#stage = 'held';
      controller.pause();
      this.#settle(true, this.#answer);
    } else if (this.#owner.claim(this)) {
      this.#stage = 'handing on';
      this.#hand(() => this.#owner.head(controller, status, headers, reason));
      if (this.#owner.paused) controller.pause();
    } else this.letGo();
  }

  onResponseData(_: UndiciController, chunk: Uint8Array): void {
    if (this.#stage === 'draining') {
      this.#drained += chunk.byteLength;
      if (this.#drained > DRAIN_BYTES) this.#cutOff();
    } else this.#take({ chunk });
  }

  onResponseEnd(_: UndiciController, trailers?: unknown): void {
    this.#take({ trailers: (trailers ?? {}) as UndiciFields });
  }

  onResponseError(_: UndiciController | undefined, error: Error): void {
    if (this.#stage === 'asking') this.#fail(error);
    else this.#take({ error });
  }

  #take(part: Part): void {
    if (this.#stage === 'held' || this.#parts.length > 0) this.#parts.push(part);
    else if (this.#stage === 'handing on') this.#handOn(part);
    else if (this.#stage === 'draining') this.#over();
  }

  #handOn(part: Part): void {
    if (this.#stage !== 'handing on') return;
    if ('error' in part) this.#fail(part.error);
    else if ('chunk' in part) this.#hand(() => this.#owner.data(this.#controller!, part.chunk));
    else {
      this.#over();
      this.#settle(true, this.#answer!);
      this.#hand(() => this.#owner.end(this.#controller!, part.trailers));
    }
  }

  /** Whoever asked may fail to take it: then there is nobody to take more. */
  #hand(what: () => void): void {
    try {
      what();
    } catch (error) {
      this.abort(error);
      this.#owner.fail(error);
    }
  }

  #fail(error: unknown): void {
    const stage = this.#stage;
    if (stage === 'over') return;
    this.#failure = error;
    this.#over();
    this.#settle(false, error);
    if (stage === 'handing on') this.#owner.fail(error);
  }

  #cutOff(): void {
    this.#over();
    this.#controller!.abort(new AbandonedError('undici: the rest of the answer is not wanted'));
  }

  #settle(ok: boolean, result: unknown): void {
    this.#unsubscribe();
    if (ok) this.#resolve(result as UndiciAnswer);
    else this.#reject(result);
  }

  #over(): void {
    this.#stage = 'over';
    this.#parts = [];
    this.#timer?.cancel();
    this.#owner.left(this);
  }
}
