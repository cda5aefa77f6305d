import type { InRecord, OutRecord } from '../../messaging/driver.js';

const noHeaders: Readonly<Record<string, string>> = /* @__PURE__ */ Object.freeze({});

/** The bytes of a body without a copy. */
export function bufferOf(body: Uint8Array): Buffer {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/** Headers as they stand in an entry: JSON, which any language reads and any text fits in. */
export function headersText(headers: OutRecord['headers']): string {
  return JSON.stringify(headers);
}

/** What somebody else has written there need not be headers at all: it is none then. */
function headersIn(text: string): Readonly<Record<string, string>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return noHeaders;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return noHeaders;
  for (const value of Object.values(parsed)) if (typeof value !== 'string') return onlyTexts(parsed);
  return parsed as Readonly<Record<string, string>>;
}

function onlyTexts(parsed: object): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(parsed).filter(([, value]) => typeof value === 'string'));
}

/** A record as the four fields of an entry tell it. */
export function recordOf(topic: string, key: string, headers: string, body: Buffer): InRecord {
  return { topic, key: key === '' ? undefined : key, headers: headersIn(headers), body };
}
