import { encodeBase64 } from '../../messaging/base64.js';

/** What the server uses by itself. */
const ITERATIONS = 4_096;

async function hmac(key: Uint8Array<ArrayBuffer>, text: string): Promise<Uint8Array<ArrayBuffer>> {
  const hash = { name: 'HMAC', hash: 'SHA-256' };
  const made = await crypto.subtle.importKey('raw', key, hash, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', made, new TextEncoder().encode(text)));
}

/**
 * What a server keeps of a password, RFC 5803: sent in its place, so that no log of statements has the
 * password. The password has to be ASCII, for which the preparation of RFC 4013 changes nothing.
 */
export async function scramVerifier(
  password: string,
  salt: Uint8Array<ArrayBuffer> = crypto.getRandomValues(new Uint8Array(16)),
): Promise<string> {
  const bytes = new TextEncoder().encode(password);
  const key = await crypto.subtle.importKey('raw', bytes, 'PBKDF2', false, ['deriveBits']);
  const how = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: ITERATIONS };
  const salted = new Uint8Array(await crypto.subtle.deriveBits(how, key, 256));
  const client = await hmac(salted, 'Client Key');
  const stored = new Uint8Array(await crypto.subtle.digest('SHA-256', client));
  const server = await hmac(salted, 'Server Key');
  return `SCRAM-SHA-256$${ITERATIONS}:${encodeBase64(salt)}$${encodeBase64(stored)}:${encodeBase64(server)}`;
}
