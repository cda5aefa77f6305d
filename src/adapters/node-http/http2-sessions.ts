import { constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { systemClock } from '../../kernel/clock.js';
import { cutHere } from './http2-response.js';
import type { ServerLimits } from './server-limits.js';

interface Session {
  /** Requests under way. */
  open: number;
  /** Requests that there were. */
  all: number;
  /** Requests that the client has taken back since. */
  resets: number;
  since: number;
}

/** The connections of a server that speak HTTP/2. */
export class Http2Sessions {
  readonly #open = new Map<ServerHttp2Session, Session>();
  readonly #limits: Required<ServerLimits>;
  #none: (() => void) | undefined;
  #closing = false;

  constructor(limits: Required<ServerLimits>) {
    this.#limits = limits;
  }

  add(session: ServerHttp2Session): void {
    const state = { open: 0, all: 0, resets: 0, since: 0 };
    this.#open.set(session, state);
    session.once('close', () => {
      this.#open.delete(session);
      if (this.#open.size === 0) this.#none?.();
    });
    session.on('stream', stream => this.#stream(session, state, stream));
    session.setTimeout(this.#limits.keepAliveTimeoutMs, () => {
      if (state.open === 0) session.close();
    });
    if (this.#closing) session.close();
  }

  /** Says that no more is taken (GOAWAY); each ends with its last request. */
  close(): void {
    this.#closing = true;
    for (const session of this.#open.keys()) session.close();
  }

  /** Resolves once there is none. */
  gone(): Promise<void> {
    return new Promise(resolve => {
      this.#none = resolve;
      if (this.#open.size === 0) resolve();
    });
  }

  destroy(): void {
    for (const session of this.#open.keys()) session.destroy();
  }

  #stream(session: ServerHttp2Session, state: Session, stream: ServerHttp2Stream): void {
    state.open++;
    if (++state.all === this.#limits.maxRequestsPerConnection) session.close();
    stream.once('close', () => {
      state.open--;
      if (stream.aborted && !(cutHere in stream)) this.#reset(session, state);
    });
  }

  /**
   * A request that is taken back at once leaves room for the next one, so the limit of requests at a time
   * does not count such ones. Whoever does that to twice as many in a second works for nobody.
   */
  #reset(session: ServerHttp2Session, state: Session): void {
    const now = systemClock.now();
    if (now - state.since > 1_000) Object.assign(state, { since: now, resets: 0 });
    state.resets++;
    if (state.resets <= Math.max(100, this.#limits.maxStreamsPerConnection * 2) || session.destroyed) return;
    session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    session.destroy();
  }
}
