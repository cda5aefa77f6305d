import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
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
 * Joins two connections: what comes of one goes to the other, no faster than that takes it. When one ends,
 * the other is ended; when one breaks, or both are silent for too long, both are destroyed.
 */
export function tunnel(
  asked: UpgradeAsked,
  upgraded: Upgraded,
  call: IncomingCall,
  idleTimeoutMs: number,
  onEnd: () => void,
): void {
  const [client, upstream] = [asked.socket, upgraded.socket];
  const both: readonly Duplex[] = [client, upstream];
  const end = (): void => {
    for (const socket of both) socket.destroy();
    onEnd();
  };
  for (const socket of both) {
    socket.on('error', end);
    socket.once('close', end);
    // Either side may be silent as long as the other speaks.
    (socket as Socket).setTimeout(0);
  }
  let heardAt = 0;
  const hear = (): void => {
    heardAt++;
  };
  client.on('data', hear);
  upstream.on('data', hear);
  let seenAt = -1;
  const timer = setInterval(() => {
    if (heardAt === seenAt) end();
    seenAt = heardAt;
  }, idleTimeoutMs);
  timer.unref();
  client.once('close', () => clearInterval(timer));
  client.write(headText(upgraded, call), 'latin1');
  if (upgraded.first.byteLength > 0) client.write(upgraded.first);
  if (asked.first.byteLength > 0) upstream.write(asked.first);
  client.pipe(upstream);
  upstream.pipe(client);
}
