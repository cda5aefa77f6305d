import { bucketOf } from '../core/outbox-lease.js';
import { isData, isRecord, show } from '../kernel/options.js';
import { newId } from '../kernel/random.js';
import type { OutboxMessageFacts, OutboxTopic } from './outbox-bus.js';
import { OutboxMessageError } from './outbox-errors.js';
import type { NewOutboxMessage } from './outbox-store.js';

/** A message that becomes a part of a transaction. */
export interface OutboxEvent<In = never> extends OutboxMessageFacts {
  /** What it is published to. */
  readonly topic: OutboxTopic<In>;
  /** What is published: JSON data. */
  readonly data: In;
}

/** What is kept of a message besides its data; the rest of it are columns. */
export type WrittenFacts = Omit<OutboxMessageFacts, 'id' | 'key'>;

const LONGEST_TEXT = 255;
const MOST_HEADERS = 64;
const LONGEST_HEADER = 8_192;
const texts = ['id', 'key', 'idempotencyKey', 'correlationId'] as const;
const known = ['topic', 'data', ...texts, 'headers', 'causedBy', 'trace'];

/**
 * Makes of an event what is written. What no bus would take stands in the way of all that comes after it, so
 * it is refused here, where somebody can still do something else.
 *
 * @throws OutboxMessageError; what the topic throws.
 */
export async function messageOf(
  owner: string,
  event: OutboxEvent,
  maxBytes: number,
): Promise<NewOutboxMessage> {
  const { topic } = checked(owner, event);
  const data: unknown = event.data;
  const what = `${owner}: what is published to ${show(topic.name)}`;
  if (!isData(data)) throw new OutboxMessageError(`${what} must be JSON data, got ${show(data)}`);
  const verdict = topic.check(data as never);
  if (verdict !== undefined) await verdict;
  const id = event.id ?? newId();
  const key = event.key ?? topic.keyOf(data as never);
  checkText(owner, 'key', key);
  const body = JSON.stringify(data);
  const bytes = new TextEncoder().encode(body).length;
  if (bytes > maxBytes) {
    throw new OutboxMessageError(`${what} has ${bytes} bytes, \`maxBodyBytes\` is ${maxBytes}`);
  }
  const lane = key ?? id;
  return {
    ...{ id, bucket: bucketOf(lane), key: lane, ordered: key !== undefined },
    ...{ topic: topic.name, version: topic.version, body, facts: JSON.stringify(factsOf(event)) },
  };
}

/** A message that came is more than its id, its correlation and its trace: the rest of it is not kept. */
function factsOf({ headers, idempotencyKey, correlationId, causedBy, trace }: OutboxEvent): WrittenFacts {
  const cause = causedBy && {
    id: causedBy.id,
    correlationId: causedBy.correlationId,
    trace: causedBy.trace,
  };
  return { headers, idempotencyKey, correlationId, causedBy: cause, trace };
}

function checked(owner: string, event: OutboxEvent): OutboxEvent {
  if (!isRecord(event))
    throw new OutboxMessageError(`${owner}: an event must be an object, got ${show(event)}`);
  for (const name of Object.keys(event)) {
    if (known.includes(name)) continue;
    throw new OutboxMessageError(`${owner}: an event has no \`${name}\`; known are ${known.join(', ')}`);
  }
  const { topic, headers, causedBy, trace } = event as OutboxEvent;
  if (typeof topic?.check !== 'function' || typeof topic.name !== 'string') {
    throw new OutboxMessageError(`${owner}: \`topic\` must be a topic, got ${show(topic)}`);
  }
  for (const name of texts) checkText(owner, name, (event as OutboxEvent)[name]);
  if (headers !== undefined) checkHeaders(owner, headers);
  for (const [name, value] of Object.entries({ causedBy, trace })) {
    if (value === undefined || isRecord(value)) continue;
    throw new OutboxMessageError(`${owner}: \`${name}\` must be an object, got ${show(value)}`);
  }
  checkText(owner, 'causedBy.id', causedBy?.id);
  checkText(owner, 'causedBy.correlationId', causedBy?.correlationId);
  if (trace !== undefined && !isData(trace)) {
    throw new OutboxMessageError(`${owner}: \`trace\` must be JSON data`);
  }
  return event as OutboxEvent;
}

function checkText(owner: string, name: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value === 'string' && value !== '' && value.length <= LONGEST_TEXT) return;
  const rule = `a text of 1 to ${LONGEST_TEXT} characters`;
  throw new OutboxMessageError(`${owner}: \`${name}\` must be ${rule}, got ${show(value)}`);
}

/** What the bus itself writes is refused by the bus: it alone knows. */
function checkHeaders(owner: string, headers: unknown): void {
  if (!isRecord(headers) || Object.keys(headers).length > MOST_HEADERS) {
    const rule = `an object of at most ${MOST_HEADERS} texts`;
    throw new OutboxMessageError(`${owner}: \`headers\` must be ${rule}, got ${show(headers)}`);
  }
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(name)) {
      throw new OutboxMessageError(`${owner}: a header must be named a-z 0-9 -, got ${show(name)}`);
    }
    if (typeof value === 'string' && value.length <= LONGEST_HEADER) continue;
    const rule = `a text of at most ${LONGEST_HEADER} characters`;
    throw new OutboxMessageError(`${owner}: the header \`${name}\` must be ${rule}, got ${show(value)}`);
  }
}
