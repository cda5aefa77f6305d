const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Base64 with padding, RFC 4648 §4. */
export function encodeBase64(bytes: Uint8Array): string {
  const text = new Uint8Array(Math.ceil(bytes.length / 3) * 4).fill(61);
  let at = 0;
  for (let i = 0; i < bytes.length; i += 3) {
    const [a, b = 0, c = 0] = [bytes[i]!, bytes[i + 1], bytes[i + 2]];
    text[at++] = ALPHABET.charCodeAt(a >> 2);
    text[at++] = ALPHABET.charCodeAt(((a & 3) << 4) | (b >> 4));
    if (i + 1 < bytes.length) text[at++] = ALPHABET.charCodeAt(((b & 15) << 2) | (c >> 6));
    if (i + 2 < bytes.length) text[at++] = ALPHABET.charCodeAt(c & 63);
  }
  return new TextDecoder().decode(text);
}

/** The bytes of a text in base64, RFC 4648 §4 to the letter; `undefined` for any other text. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const digits = text.length - padding;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let bits = 0;
  let at = 0;
  for (let i = 0; i < digits; i++) {
    const value = sextet(text.charCodeAt(i));
    if (value < 0) return undefined;
    bits = (bits << 6) | value;
    const phase = i & 3;
    if (phase > 0) bytes[at++] = bits >> (6 - 2 * phase);
    if (phase === 3) bits = 0;
  }
  // What is left over in the last digit is zero: else two texts would be the same bytes.
  const rest = padding === 2 ? bits & 15 : bits & 3;
  return padding > 0 && rest !== 0 ? undefined : bytes;
}

function sextet(code: number): number {
  if (code >= 97) return code <= 122 ? code - 71 : -1;
  if (code >= 65) return code <= 90 ? code - 65 : -1;
  if (code >= 48) return code <= 57 ? code + 4 : -1;
  return code === 43 ? 62 : code === 47 ? 63 : -1;
}
