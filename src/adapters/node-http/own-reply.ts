import { Readable } from 'node:stream';
import type { ReadableStream as NodeStream } from 'node:stream/web';
import { isFieldName, isFieldValue } from '../../core/request-fields.js';
import type { GatewayReply } from '../../gateway/upstream.js';
import { isRecord } from '../../kernel/options.js';

/** What a function answered, ready to be written. */
export interface OwnReply {
  readonly status: number;
  readonly fields: readonly string[];
  readonly body: string | Uint8Array | Readable | undefined;
}

const framing = /* @__PURE__ */ new Set([
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'trailer',
]);

function fieldsOf(headers: unknown): string[] {
  if (headers === undefined) return [];
  if (!isRecord(headers)) throw new TypeError('the `headers` of a reply must be an object');
  const fields: string[] = [];
  for (const [name, values] of Object.entries(headers)) {
    for (const value of [values].flat()) {
      if (!isFieldName(name) || typeof value !== 'string' || !isFieldValue(value)) {
        throw new TypeError(`the header ${JSON.stringify(name)} of a reply is none`);
      }
      if (!framing.has(name.toLowerCase())) fields.push(name, value);
    }
  }
  return fields;
}

const hasField = (fields: readonly string[], name: string): boolean =>
  fields.some((text, at) => at % 2 === 0 && text.toLowerCase() === name);

/** @throws TypeError for what is no reply. */
export function ownReply(value: unknown): OwnReply {
  if (value instanceof Response) {
    const fields = [...value.headers].filter(([name]) => !framing.has(name)).flat();
    const body = value.body === null ? undefined : Readable.fromWeb(value.body as NodeStream);
    return { status: value.status, fields, body };
  }
  if (!isRecord(value))
    throw new TypeError('a reply must be a Response, or an object such as { status, body }');
  const { status = 200, headers, body, json } = value as GatewayReply;
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new TypeError(`the status of a reply must be an integer from 200 to 599, got ${String(status)}`);
  }
  const fields = fieldsOf(headers);
  if (json !== undefined) {
    if (!hasField(fields, 'content-type')) fields.push('Content-Type', 'application/json');
    return { status, fields, body: JSON.stringify(json) };
  }
  if (body !== undefined && body !== null && typeof body !== 'string' && !(body instanceof Uint8Array)) {
    throw new TypeError('the body of a reply must be a string or bytes');
  }
  return { status, fields, body: body ?? undefined };
}
