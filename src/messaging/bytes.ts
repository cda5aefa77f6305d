/** Bytes as this package makes them: what every client and `fetch` takes. */
export type Payload = ReturnType<InstanceType<typeof TextEncoder>['encode']>;

/** Whether a value is a `Uint8Array`, also one of another realm; a `Buffer` is one. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]';
}

/** The text in UTF-8. */
export function utf8(text: string): Payload {
  return new TextEncoder().encode(text);
}

/** The text that UTF-8 bytes hold, a byte order mark included; `undefined` where they are no UTF-8. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
