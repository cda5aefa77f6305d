import type { CallContext } from '../kernel/context.js';
import { AbandonedError, TimeoutError } from '../kernel/errors.js';
import type { Operation } from '../kernel/policy.js';
import { RevocableContext } from '../kernel/revocable-context.js';
import { launch } from './launch.js';
import type { StreamCall } from './stream-call.js';
import type { Streamable, StreamPlan } from './stream-options.js';
import { guardedOf } from './stream-output.js';
import { type ChunkSource, sourceOf } from './stream-source.js';
import { StreamWatch } from './stream-watch.js';

type Chunk = IteratorResult<unknown, unknown>;

/** A read that the source has not answered yet. */
interface Waiting {
  readonly resolve: (chunk: Chunk) => void;
  readonly reject: (error: unknown) => void;
}

const END: Chunk = /* @__PURE__ */ Object.freeze({ done: true, value: undefined });

/**
 * One attempt: opens a stream, waits for its first chunk, hands it on, and ends with it. For the policies
 * around it the operation runs until then, so that they keep their permits and judge by the end.
 */
export class StreamRun {
  readonly #plan: StreamPlan;
  readonly #call: StreamCall;
  /** What the operation is handed: its signal ends with the attempt. */
  readonly #context: RevocableContext;
  readonly #coming: StreamWatch;
  #reading: StreamWatch | undefined;
  #source: ChunkSource | undefined;
  /** The first chunk: nothing else is ever read before somebody asks for it. */
  #first: Chunk | undefined;
  readonly #waiting = new Set<Waiting>();
  #answer: unknown;
  #handedOn = false;
  #ended = false;
  /** What the next read is to be told, once. */
  #failure: { readonly error: unknown } | undefined;
  #resolve!: (answer: unknown) => void;
  #reject!: (error: unknown) => void;

  constructor(plan: StreamPlan, call: StreamCall, context: CallContext) {
    this.#plan = plan;
    this.#call = call;
    this.#context = new RevocableContext(context);
    this.#coming = new StreamWatch(plan.clock, true, () => this.#stall());
  }

  /** Settles when the stream ends. */
  start(operation: Operation<Streamable>): Promise<unknown> {
    this.#plan.open++;
    this.#call.open();
    this.#context.onCancel(() => this.#fail(this.#context.reason));
    const end = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // A policy that has answered by itself may not look at what becomes of its operations.
    end.catch(() => {});
    if (this.#context.cancelled) this.#fail(this.#context.reason);
    else {
      this.#coming.expect(this.#plan.firstChunkMs);
      launch(operation, this.#context).then(
        answer => this.#opened(answer),
        error => this.#fail(error),
      );
    }
    return end;
  }

  /** The next chunk, or the end; rejects once with what went wrong. */
  read(): Promise<Chunk> {
    const first = this.#first;
    if (first !== undefined) {
      this.#first = undefined;
      this.#awaitReader();
      return Promise.resolve(first);
    }
    if (this.#ended) return this.#afterEnd();
    this.#reading?.rest();
    this.#coming.expect(this.#plan.idleChunkMs);
    return new Promise((resolve, reject) => {
      const waiting = { resolve, reject };
      this.#waiting.add(waiting);
      this.#pull(waiting);
    });
  }

  /** The reader wants no more. */
  leave(cause?: unknown): void {
    if (!this.#ended) this.#abandon('left', cause);
  }

  #opened(answer: Streamable): void {
    try {
      this.#source = sourceOf(this.#plan.name, answer);
      // A response of a status that no `Response` can be made with throws here.
      if (this.#source !== undefined) this.#answer = guardedOf(answer, this);
    } catch (error) {
      this.#fail(error);
      return;
    }
    // Too late: somebody has given up meanwhile.
    if (this.#ended) this.#source?.cancel(this.#context.reason);
    else if (this.#source === undefined) this.#finish(answer);
    else this.#ask(chunk => this.#begun(chunk));
  }

  /** The next chunk of the source, whatever that brings. */
  #ask(take: (chunk: Chunk) => void): void {
    const next = launch(() => this.#source!.next(), this.#context);
    const taken = next.then(chunk => {
      if (Object(chunk) !== chunk) {
        throw new TypeError(`${this.#plan.name}: an iterator must answer objects, got ${typeof chunk}`);
      }
      take(chunk);
    });
    taken.catch(error => this.#fail(error));
  }

  #begun(chunk: Chunk): void {
    if (this.#ended) return;
    if (chunk.done === true) {
      this.#finish(this.#answer);
      return;
    }
    this.#coming.rest();
    this.#first = chunk;
    // Another attempt may have been first, or the policy have answered by itself.
    this.#handedOn = this.#call.deliver(this.#answer);
    if (this.#handedOn) this.#awaitReader();
    else this.#fail(new AbandonedError(`${this.#plan.name}: the call has another answer`, this.#facts()));
  }

  #pull(waiting: Waiting): void {
    this.#ask(chunk => this.#came(waiting, chunk));
  }

  #came(waiting: Waiting, chunk: Chunk): void {
    if (!this.#waiting.delete(waiting)) return;
    if (chunk.done === true) this.#finish(this.#answer);
    else if (this.#waiting.size > 0) this.#coming.expect(this.#plan.idleChunkMs);
    else {
      this.#coming.rest();
      this.#awaitReader();
    }
    waiting.resolve(chunk);
  }

  #awaitReader(): void {
    if (this.#ended || this.#waiting.size > 0 || this.#plan.idleReadMs === Infinity) return;
    // A reader that has forgotten the stream must not keep the process alive.
    this.#reading ??= new StreamWatch(this.#plan.clock, false, () => this.#abandon('unread', undefined));
    this.#reading.expect(this.#plan.idleReadMs);
  }

  #stall(): void {
    const { name, firstChunkMs, idleChunkMs, clock } = this.#plan;
    const later = this.#handedOn;
    const timeoutMs = later ? idleChunkMs : firstChunkMs;
    const which = later ? 'no' : 'no first';
    this.#plan.stalled++;
    const error = new TimeoutError(
      `${name}: ${which} chunk within ${timeoutMs} ms`,
      timeoutMs,
      this.#facts(),
    );
    this.#fail(error);
    const chunk = later ? 'later' : 'first';
    if (this.#plan.events?.has('stalled')) {
      this.#plan.events.emit('stalled', { policy: name, at: clock.wall(), chunk, timeoutMs });
    }
  }

  /** The reader has gone: its call is given up, which says nothing about the remote. */
  #abandon(reason: 'left' | 'unread', cause: unknown): void {
    const { name, idleReadMs, clock } = this.#plan;
    this.#plan.abandoned++;
    const words = reason === 'left' ? 'the reader has left' : `not read for ${idleReadMs} ms`;
    const facts = cause === undefined ? this.#facts() : { ...this.#facts(), cause };
    const error = new AbandonedError(`${name}: ${words}`, facts);
    this.#first = undefined;
    this.#end();
    if (reason === 'unread') this.#failure = { error };
    this.#source!.cancel(cause ?? error);
    this.#context.revoke(error);
    this.#call.revoke(error);
    this.#reject(error);
    for (const { resolve } of this.#waiting) resolve(END);
    this.#waiting.clear();
    if (this.#plan.events?.has('abandoned')) {
      this.#plan.events.emit('abandoned', { policy: name, at: clock.wall(), reason });
    }
  }

  #finish(answer: unknown): void {
    this.#end();
    this.#resolve(answer);
    for (const { resolve } of this.#waiting) resolve(END);
    this.#waiting.clear();
  }

  #fail(error: unknown): void {
    if (this.#ended) return;
    this.#first = undefined;
    this.#end();
    this.#source?.cancel(error);
    // Whoever opens the stream, or reads from it, hears of it too.
    this.#context.revoke(error);
    this.#reject(error);
    if (this.#waiting.size === 0) this.#failure = { error };
    for (const { reject } of this.#waiting) reject(error);
    this.#waiting.clear();
  }

  #end(): void {
    this.#ended = true;
    this.#plan.open--;
    this.#coming.stop();
    this.#reading?.stop();
    this.#context.release();
    this.#call.close();
  }

  #afterEnd(): Promise<Chunk> {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure === undefined ? Promise.resolve(END) : Promise.reject(failure.error);
  }

  #facts(): { readonly policy: string } {
    return { policy: this.#plan.name };
  }
}
