import { PassThrough } from 'node:stream';
import type { CallContext } from '../../kernel/context.js';
import type { Kept } from './kept-answer.js';
import { UpstreamReply } from './upstream-reply.js';

/** What has come of a fetch, for those who waited for it. `alone`: each has to ask; `again`: one of them. */
export type FetchOutcome =
  | { readonly kind: 'kept'; readonly kept: Kept }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'alone' }
  | { readonly kind: 'again' };

/** One request of the cache to an upstream, and those who wait for the same answer. */
export class CacheFetch {
  readonly uri: string;
  /** Whether what it brings has been made invalid while it was under way. */
  doomed = false;
  readonly #onEnd: (outcome: FetchOutcome) => void;
  readonly #waiting = new Set<(outcome: FetchOutcome) => void>();
  #over = false;

  constructor(uri: string, onEnd: (outcome: FetchOutcome) => void) {
    this.uri = uri;
    this.#onEnd = onEnd;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  end(outcome: FetchOutcome): void {
    if (this.#over) return;
    this.#over = true;
    this.#onEnd(outcome);
    for (const told of this.#waiting) told(outcome);
    this.#waiting.clear();
  }

  /** Resolves with what comes of it; rejects when the call that waits is given up. */
  wait(context: CallContext): Promise<FetchOutcome> {
    if (context.cancelled) return Promise.reject(context.reason);
    return new Promise((resolve, reject) => {
      const told = (outcome: FetchOutcome): void => {
        off();
        resolve(outcome);
      };
      const off = context.onCancel(() => {
        this.#waiting.delete(told);
        reject(context.reason);
      });
      this.#waiting.add(told);
    });
  }
}

/** What runs, or the reason for which the call is given up; what comes after that is let go of. */
export function orCancelled(running: Promise<unknown>, context: CallContext): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (context.cancelled) reject(context.reason);
    const off = context.onCancel(() => reject(context.reason));
    running.then(
      value => {
        off();
        if (context.cancelled && value instanceof UpstreamReply) value[Symbol.dispose]();
        resolve(value);
      },
      error => {
        off();
        reject(error);
      },
    );
  });
}

/**
 * The same answer, read to its end for the cache, however slowly the client reads: up to `maxBytes` are kept
 * on the way. `done` is told the body as a whole; or `undefined`, when it is larger, or breaks off.
 */
export function collect(
  reply: UpstreamReply,
  maxBytes: number,
  done: (body: Uint8Array | undefined, isWhole: boolean) => void,
): UpstreamReply {
  const source = reply.head.body;
  const through = new PassThrough({ highWaterMark: maxBytes });
  let chunks: Uint8Array[] | undefined = [];
  let size = 0;
  let ended = false;
  source.on('data', (chunk: Uint8Array) => {
    size += chunk.byteLength;
    if (chunks === undefined) return;
    if (size <= maxBytes) chunks.push(chunk);
    else {
      chunks = undefined;
      done(undefined, true);
    }
  });
  source.once('end', () => {
    ended = true;
    if (chunks !== undefined) done(Buffer.concat(chunks), true);
  });
  let failure: Error | undefined;
  source.on('error', error => {
    failure = error;
  });
  source.once('close', () => {
    if (ended) return;
    done(undefined, false);
    through.destroy(failure ?? new Error('the answer broke off'));
  });
  // Whoever reads it hears of it; without a listener it would end the process.
  through.on('error', () => {});
  through.once('close', () => {
    if (!ended) source.destroy();
  });
  source.pipe(through);
  const collected = new UpstreamReply({ ...reply.head, body: through });
  collected.onCut = reply.onCut;
  return collected;
}
