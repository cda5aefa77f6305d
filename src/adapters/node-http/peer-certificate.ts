import type { Socket } from 'node:net';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { ClientCertificate } from '../../gateway/gateway-request.js';

/** What has a meaning in a name, by RFC 4514, 2.4. */
const escaped = (value: string): string =>
  value.replace(/[\\",+;<>]/g, '\\$&').replace(/^[ #]|(?<=.) $/g, '\\$&');

function nameOf(subject: PeerCertificate['subject']): string {
  const parts = Object.entries(subject).flatMap(([kind, values]) =>
    [values ?? []].flat().map(value => `${kind}=${escaped(value)}`),
  );
  // The most special part goes first.
  return parts.reverse().join(',');
}

/** The certificate of who is connected; `undefined` unless the connection has verified one. */
export function certificateOf(socket: Socket): ClientCertificate | undefined {
  if ((socket as TLSSocket).authorized !== true) return undefined;
  const found = (socket as TLSSocket).getPeerCertificate();
  if (typeof found?.fingerprint256 !== 'string') return undefined;
  return {
    subject: nameOf(found.subject),
    fingerprint: found.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}
