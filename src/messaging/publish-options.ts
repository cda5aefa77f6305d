import { checkKeys, checkNumber, refuse } from '../kernel/options.js';
import { type IdSeries, newId } from '../kernel/random.js';
import { requireCapability } from './capabilities.js';
import type { Driver } from './driver.js';
import { checkHeaders } from './headers.js';
import type { PublishOptions } from './message-bus.js';
import type { Draft } from './own-record.js';
import type { SqlTransaction } from './sql-transaction.js';
import type { Topic } from './topic.js';
import {
  childTraceContext,
  formatTraceContext,
  parseTraceContext,
  type TraceContext,
} from './trace-context.js';

/** What the bus itself adds to a message that asks for an answer. */
export interface PublishCall {
  readonly replyTo: string;
  /** Epoch ms. */
  readonly deadline: number;
}

const known = [
  ...['id', 'key', 'headers', 'idempotencyKey', 'causedBy', 'correlationId', 'trace'],
  ...['delayMs', 'ttlMs', 'priority', 'transaction'],
];
const owner = 'publish';
const nothing: AnyOptions = /* @__PURE__ */ Object.freeze({});

/** An id or a key has so many characters at most: some brokers take no more. */
const LONGEST_TEXT = 255;

function checkText(option: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value === 'string' && value !== '' && value.length <= LONGEST_TEXT) return;
  refuse(owner, option, `a text of 1 to ${LONGEST_TEXT} characters`, value);
}

/** A context of somebody's own making is told from one that a header cannot have before anything is sent. */
function checkTrace(trace: TraceContext | undefined): void {
  if (trace === undefined) return;
  let told: TraceContext | undefined;
  try {
    told = parseTraceContext(formatTraceContext(trace));
  } catch {
    // Told below: it is no context at all.
  }
  if (told === undefined || told.state.length !== trace.state.length) {
    refuse(owner, 'trace', 'a trace context, of ids and a state that its headers can have', trace);
  }
}

/** The whole options of a publish, whatever the broker can do. */
type AnyOptions = Omit<PublishOptions, 'transaction'> & {
  readonly delayMs?: number;
  readonly ttlMs?: number;
  readonly priority?: number;
  readonly transaction?: SqlTransaction | undefined;
};

function checkAll(options: AnyOptions, driver: Driver): void {
  checkKeys(owner, options, known);
  const { delayMs, ttlMs, priority, transaction } = options;
  const { capabilities, name } = driver;
  for (const option of ['id', 'key', 'idempotencyKey', 'correlationId'] as const) {
    checkText(option, options[option]);
  }
  checkTrace(options.trace);
  if (delayMs !== undefined) {
    checkNumber(owner, 'delayMs', delayMs, { min: 0, max: 2 ** 40 });
    requireCapability(capabilities.delayedPublish !== 'none', name, 'delayMs', 'publishing for later');
  }
  if (ttlMs !== undefined) {
    checkNumber(owner, 'ttlMs', ttlMs, { above: 0, max: 2 ** 40 });
    requireCapability(capabilities.ttl !== 'none', name, 'ttlMs', 'messages with an end');
  }
  if (priority !== undefined) {
    requireCapability(capabilities.priorities > 0, name, 'priority', 'priorities');
    checkNumber(owner, 'priority', priority, { min: 0, max: capabilities.priorities - 1, integer: true });
  }
  if (transaction !== undefined) {
    const can = capabilities.transactionalPublish === true;
    requireCapability(can, name, 'transaction', 'publishing within a transaction');
    if (typeof transaction?.query !== 'function') {
      refuse(owner, 'transaction', 'what has a `query(text, params)`', transaction);
    }
  }
}

/**
 * A message on its way out, made of what the publisher said.
 *
 * @throws TypeError, RangeError or UnsupportedCapabilityError that names the option.
 */
export function draftOf<In>(
  topic: Topic<In>,
  data: In,
  options: AnyOptions | undefined,
  call: PublishCall | undefined,
  driver: Driver,
  now: number,
  ids: IdSeries | undefined,
): Draft {
  const said = options ?? nothing;
  if (options !== undefined) checkAll(options, driver);
  const {
    id = ids === undefined ? newId() : ids.next(),
    delayMs,
    ttlMs,
    priority = 0,
    headers,
    causedBy,
  } = said;
  const key = said.key ?? topic.keyOf(data);
  checkText('key', key);
  return {
    topic: topic.name,
    version: topic.version,
    id,
    fresh: said.id === undefined,
    key,
    data,
    time: now,
    notBefore: delayMs === undefined || delayMs === 0 ? undefined : now + delayMs,
    expiresAt: ttlMs === undefined ? undefined : now + ttlMs,
    priority,
    headers: headers === undefined ? undefined : checkHeaders('publish', headers),
    correlationId: said.correlationId ?? causedBy?.correlationId,
    causationId: causedBy?.id,
    idempotencyKey: said.idempotencyKey,
    trace: said.trace ?? (causedBy?.trace && childTraceContext(causedBy.trace)),
    replyTo: call?.replyTo,
    deadline: call?.deadline,
  };
}
