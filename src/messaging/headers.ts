import { InvalidMessageError } from '../kernel/bus-errors.js';
import { show } from '../kernel/options.js';

/**
 * The headers that this package writes besides the attributes of CloudEvents: a contract with programs in
 * other languages, and with older versions of this one.
 */
export const header = {
  contentType: 'content-type',
  /** Where the publisher stands in a trace: W3C Trace Context. */
  traceparent: 'traceparent',
  tracestate: 'tracestate',
  /** What makes repeats known to whoever handles the message; its id where there is none. */
  idempotencyKey: 'idempotency-key',
  /** Epoch ms at which its publisher stops caring. */
  deadline: 'x-deadline',
  /** How often it was delivered, where the broker does not count. */
  attempt: 'x-attempt',
  /** The topic to which an answer goes. */
  replyTo: 'x-reply-to',
  /** Of a dead letter: where, why, when and after how many deliveries it died. */
  deathGroup: 'x-death-group',
  deathReason: 'x-death-reason',
  deathError: 'x-death-error',
  deathCode: 'x-death-code',
  deathMessage: 'x-death-message',
  deathAt: 'x-death-at',
  deathAttempts: 'x-death-attempts',
  /** Of a message that was a dead letter once: how often it was replayed. */
  replays: 'x-replays',
} as const;

/**
 * The attributes of CloudEvents that are written. Some brokers carry them under these bare names, so that no
 * header may be called like one of them.
 */
export const attributes: readonly string[] = [
  ...['specversion', 'id', 'source', 'type', 'time', 'subject', 'dataschema', 'datacontenttype'],
  ...['schemaversion', 'partitionkey', 'correlationid', 'causationid', 'expirytime'],
];

const reserved: ReadonlySet<string> = /* @__PURE__ */ new Set([
  ...[header.contentType, header.traceparent, header.tracestate, header.idempotencyKey, header.deadline],
  ...[header.attempt, header.replyTo, header.deathGroup],
  ...[header.deathReason, header.deathError, header.deathCode, header.deathMessage, header.deathAt],
  ...[header.deathAttempts, header.replays, ...attributes],
]);

/** Whether the bus itself has written a header; `prefix` stands before the names of attributes. */
export function isWritten(name: string, prefix: string): boolean {
  return reserved.has(name) || (prefix !== '' && name.startsWith(prefix));
}

/** So many headers of the user's at most, and so long. */
const MOST_HEADERS = 64;
const LONGEST_VALUE = 8_192;

/**
 * A header name is one that every broker can carry: `a-z 0-9 -`, at most 64. Values are any text; a broker
 * that cannot carry one as it is gets it percent-encoded.
 *
 * @throws InvalidMessageError that names the header and the rule.
 */
export function checkHeaders(owner: string, headers: unknown): Readonly<Record<string, string>> {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) {
    throw new InvalidMessageError(`${owner}: \`headers\` must be an object, got ${show(headers)}`);
  }
  const entries = Object.entries(headers as Record<string, unknown>);
  if (entries.length > MOST_HEADERS) {
    throw new InvalidMessageError(
      `${owner}: \`headers\` must be at most ${MOST_HEADERS}, got ${entries.length}`,
    );
  }
  for (const [name, value] of entries) {
    if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(name)) {
      throw new InvalidMessageError(`${owner}: a header must be named a-z 0-9 -, got ${show(name)}`);
    }
    if (reserved.has(name) || name.startsWith('ce-') || name.startsWith('cloudevents')) {
      throw new InvalidMessageError(`${owner}: the header \`${name}\` is written by the bus itself`);
    }
    if (typeof value !== 'string' || value.length > LONGEST_VALUE) {
      const rule = `a text of at most ${LONGEST_VALUE} characters`;
      throw new InvalidMessageError(`${owner}: the header \`${name}\` must be ${rule}, got ${show(value)}`);
    }
  }
  return Object.fromEntries(entries) as Record<string, string>;
}

/** A number in a header; `undefined` where there is none that makes sense. */
export function numberIn(headers: Readonly<Record<string, string>>, name: string): number | undefined {
  const text = headers[name];
  if (text === undefined || !/^\d{1,16}$/.test(text)) return undefined;
  return Number(text);
}
