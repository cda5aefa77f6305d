import type { Duplex, Readable } from 'node:stream';
import type { UpstreamOrigin } from '../../gateway/upstream.js';

/** One request to an upstream. */
export interface UpstreamSend {
  /** Where it goes. */
  readonly origin: UpstreamOrigin;
  /** The method. */
  readonly method: string;
  /** The path with its query, in its one form. */
  readonly path: string;
  /** Name, value, name, value …: all fields, with `Host` and the framing of the body. */
  readonly fields: readonly string[];
  /** The body, with the framing that the fields name; `undefined` without one. */
  readonly body: Readable | undefined;
  /** The trailers of the body, once it has ended. */
  trailers(): readonly string[];
  /** For how long the upstream may be silent once its answer has begun, in ms. */
  readonly idleTimeoutMs: number;
}

/** The head of an answer, and the stream of its body, which errors when the answer is cut. */
export interface UpstreamHead {
  /** The status. */
  readonly status: number;
  /** The words behind the status; may be empty. */
  readonly reason: string;
  /** Name, value, name, value … as they came. */
  readonly fields: readonly string[];
  /** Errors, or closes before its end, when the answer is cut. */
  readonly body: Readable;
  /** Once the body has ended. */
  trailers(): readonly string[];
}

/** Who hears of a request. After `head`, `upgraded` or `failed` nothing more is told but by the body. */
export interface UpstreamListener {
  /** An interim answer, such as 103; 100 is not told. */
  information(status: number, fields: readonly string[]): void;
  /** The answer has begun. */
  head(head: UpstreamHead): void;
  /** The connection now belongs to whoever is told. `first` is what has come of it. */
  upgraded(head: Omit<UpstreamHead, 'body' | 'trailers'>, socket: Duplex, first: Uint8Array): void;
  /** There will be no answer. `stale`: on a connection that was kept, and may have ended long before. */
  failed(error: Error, stale: boolean): void;
}

/** A request that is under way. */
export interface UpstreamStream {
  /** Ends it and its connection. Nothing more is told. */
  abort(): void;
}

/** What speaks to upstreams. */
export interface UpstreamEngine {
  /** Shown in `describe()`. */
  readonly name: string;
  /** Sends a request; what is wrong with it is told to the listener as well. */
  send(send: UpstreamSend, listener: UpstreamListener): UpstreamStream;
  /** Ends the connections that nobody uses. */
  close(): void;
}
