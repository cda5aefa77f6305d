import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { FrameBounds, goingAway } from '../../core/frame-bounds.js';
import { listedOf, namesOf, passFields } from '../../core/hop-fields.js';
import { isFieldValue } from '../../core/request-fields.js';
import type { IncomingCall } from '../../gateway/gateway-request.js';
import type { Upgraded } from './forwarding.js';

/** The connection of a request that asked for another protocol, and what has come after its head. */
export interface UpgradeAsked {
  readonly socket: Duplex;
  readonly first: Uint8Array;
}

function headText(upgraded: Upgraded, call: IncomingCall): string {
  const { fields: raw, reason } = upgraded.upgraded;
  const names = namesOf(raw);
  const listed = listedOf(raw, names).filter(name => name !== 'upgrade');
  const passed = passFields(raw, names, listed, name => name === 'content-length');
  const fields = [...passed, 'Connection', 'Upgrade', 'Upgrade', 'websocket', ...call.extra];
  let text = `HTTP/1.1 101 ${/^[\t\x20-\x7e]+$/.test(reason) ? reason : 'Switching Protocols'}\r\n`;
  for (let at = 0; at < fields.length; at += 2) {
    if (isFieldValue(fields[at + 1]!)) text += `${fields[at]}: ${fields[at + 1]}\r\n`;
  }
  return `${text}\r\n`;
}

/**
 * Two connections that are joined: what comes of one goes to the other, no faster than that takes it. When
 * one ends, the other is ended after all that was for it; when one breaks, or nothing moves for too long,
 * both are destroyed.
 */
export class Tunnel {
  readonly #client: Duplex;
  readonly #upstream: Duplex;
  readonly #onEnd: () => void;
  readonly #bounds = new FrameBounds();
  /** Whether the client is to be told that this server goes away, at the next end of a frame. */
  #leaving = false;
  /** Whether the client was told so: nothing of the upstream may follow. */
  #told = false;
  #timer: ReturnType<typeof setInterval> | undefined;
  #moved = 0;

  constructor(client: Duplex, upstream: Duplex, onEnd: () => void) {
    this.#client = client;
    this.#upstream = upstream;
    this.#onEnd = onEnd;
  }

  /** Begins it, with the answer of the upstream. */
  start(asked: UpgradeAsked, upgraded: Upgraded, call: IncomingCall, idleTimeoutMs: number): void {
    const [client, upstream] = [this.#client, this.#upstream];
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      socket.on('error', () => this.destroy());
      socket.once('close', () => this.#closed(other));
      // Either side may be silent as long as the other speaks.
      (socket as Socket).setTimeout(0);
      socket.on('drain', () => this.#moved++);
    }
    let seen = -1;
    this.#timer = setInterval(() => {
      if (this.#moved === seen) this.destroy();
      seen = this.#moved;
    }, idleTimeoutMs);
    this.#timer.unref();
    client.write(headText(upgraded, call), 'latin1');
    if (upgraded.first.byteLength > 0) this.#hand(upgraded.first);
    if (asked.first.byteLength > 0) upstream.write(asked.first);
    client.on('data', () => this.#moved++);
    client.pipe(upstream);
    upstream.on('data', (chunk: Uint8Array) => this.#hand(chunk));
    client.on('drain', () => upstream.resume());
    upstream.once('end', () => client.end());
  }

  /**
   * Tells the client that this server goes away, by a close frame with 1001 behind the frame that is under
   * way. Its answer goes to the upstream, which ends the tunnel then.
   */
  leave(): void {
    if (this.#leaving || this.#told) return;
    this.#leaving = true;
    if (this.#bounds.atBound) this.#tell();
  }

  destroy(): void {
    this.#client.destroy();
    this.#upstream.destroy();
    this.#ended();
  }

  /** What the upstream says goes to the client; nothing of it behind the word that we go. */
  #hand(chunk: Uint8Array): void {
    this.#moved++;
    if (this.#told) return;
    const taken = this.#bounds.take(chunk, this.#leaving);
    const part = taken === chunk.length ? chunk : chunk.subarray(0, taken);
    if (!this.#client.write(part)) this.#upstream.pause();
    if (this.#leaving && this.#bounds.atBound) this.#tell();
  }

  #tell(): void {
    this.#leaving = false;
    // An upstream that has said so by itself needs no other word, and its connection ends by that.
    if (this.#bounds.closed) return;
    this.#told = true;
    this.#client.write(goingAway());
    // What it still says is read and dropped: its connection has to come to its end.
    this.#upstream.resume();
  }

  /** One is closed: the other gets what was for it, and then its end. */
  #closed(other: Duplex): void {
    if (other.destroyed) this.#ended();
    else other.end(() => this.destroy());
  }

  #ended(): void {
    clearInterval(this.#timer);
    this.#onEnd();
  }
}
