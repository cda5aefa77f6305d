import { isIdempotentMethod } from '../../core/idempotent-method.js';
import { isRecord } from '../../kernel/options.js';
import { isReplayable } from '../../resilience/http-request.js';

/** What is read of a request that is given to a dispatcher of undici. */
export interface UndiciDispatch {
  /** Where it goes; none where the dispatcher knows one place only. */
  readonly origin?: string | URL | undefined;
  /** Its method, in capitals. */
  readonly method: string;
  /** Its fields: names and values by turns, pairs, or an object. */
  readonly headers?: unknown;
  /** Its body. */
  readonly body?: unknown;
  /** What the connection is to be used for when it is answered. */
  readonly upgrade?: unknown;
}

/** Whether it asks for a connection rather than for an answer. */
export const asksForConnection = ({ method, upgrade }: UndiciDispatch): boolean =>
  method === 'CONNECT' || Boolean(upgrade);

/** Where it goes, where it says so. */
export function originOf({ origin }: UndiciDispatch): string | undefined {
  return origin instanceof URL ? origin.origin : origin;
}

type Field = readonly [name: string, value: unknown];

function fieldsOf(headers: unknown): readonly Field[] {
  if (Array.isArray(headers)) {
    const pairs: Field[] = [];
    for (let at = 0; at < headers.length; at += 2) pairs.push([String(headers[at]), headers[at + 1]]);
    return pairs;
  }
  if (!isRecord(headers)) return [];
  return Symbol.iterator in headers ? [...(headers as unknown as Iterable<Field>)] : Object.entries(headers);
}

/** With fields that can be read again: those of an iterator are gone after the first attempt. */
export function withLastingFields<Request extends UndiciDispatch>(request: Request): Request {
  const { headers } = request;
  if (!isRecord(headers) || !(Symbol.iterator in headers)) return request;
  return { ...request, headers: fieldsOf(headers).flat() };
}

/** The value of the field `wanted`, a name in lower case. */
export function fieldOf(headers: unknown, wanted: string): string | undefined {
  const found = fieldsOf(headers).find(([name]) => name.toLowerCase() === wanted);
  return found === undefined ? undefined : String(found[1]);
}

/** The fields, with one that is added at the end. */
export function withField(headers: unknown, name: string, value: string): unknown[] {
  return [...fieldsOf(headers).flat(), name, value];
}

/** Whether it may be sent more than once: by its method or its key, and its body. */
export function mayRepeat({ method, body }: UndiciDispatch, idempotencyKey: string | undefined): boolean {
  return (isIdempotentMethod(method) || idempotencyKey !== undefined) && isReplayable(body);
}
