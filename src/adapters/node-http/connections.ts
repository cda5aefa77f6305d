import type { Socket } from 'node:net';
import type { GatewayAnswer } from '../../gateway/problem.js';
import { answerTo, writeRaw } from './client-error.js';
import type { OpenExchange } from './gateway-shell.js';

/** What is known of connections of HTTP/1.1, on which requests may wait for the answers to others. */
export class Connections {
  /** Connections of which nothing more is taken: what comes next on them may be anything. */
  readonly doomed = new WeakSet<Socket>();
  readonly #open = new WeakMap<Socket, Set<OpenExchange>>();
  /** What is said last on connections that are no HTTP any more, behind the answers under way. */
  readonly #last = new WeakMap<Socket, GatewayAnswer>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** Whether one more is taken; a connection with too many that wait for their answers is destroyed. */
  takes(socket: Socket): boolean {
    // What follows a request that could not be read is no request, however much it looks like one.
    if (this.doomed.has(socket)) return false;
    const isFull = (this.#open.get(socket)?.size ?? 0) >= this.#most;
    if (isFull) socket.destroy();
    return !isFull;
  }

  begun<T extends OpenExchange>(exchange: T): T {
    const { socket } = exchange;
    const open = this.#open.get(socket) ?? this.#watch(socket);
    open.add(exchange);
    return exchange;
  }

  #watch(socket: Socket): Set<OpenExchange> {
    const open = new Set<OpenExchange>();
    this.#open.set(socket, open);
    // Node tells only the answer whose turn it is; those behind it would never come to their end.
    // What stands for one in a request of fetch cannot be listened to, and has a single request.
    socket.once?.('close', () => {
      for (const exchange of open) exchange.closed();
    });
    return open;
  }

  ended(exchange: OpenExchange): void {
    const { socket } = exchange;
    const open = this.#open.get(socket);
    open?.delete(exchange);
    const last = this.#last.get(socket);
    if (last !== undefined && open?.size === 0 && socket.writable) writeRaw(socket, last);
  }

  /**
   * What has come on a connection is no HTTP. What was asked before it, as a whole, gets its own answer; then
   * the connection ends.
   */
  broken(error: Error & { readonly code?: string }, socket: Socket): void {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const open = [...(this.#open.get(socket) ?? [])];
    const newest = open.at(-1);
    const isDue = this.#last.has(socket) || open.length > 1 || newest?.sending.isDue === true;
    // Who sends no more is gone, as on connections where all was well.
    if (socket.readableEnded && isDue) socket.end();
    // The parser says so again with all that comes after it.
    if (this.#last.has(socket)) return;
    const answer = answerTo(error);
    this.#last.set(socket, answer);
    this.doomed.add(socket);
    if (newest === undefined) writeRaw(socket, answer);
    else if (!newest.sending.isDue) newest.refuse(answer);
  }
}
