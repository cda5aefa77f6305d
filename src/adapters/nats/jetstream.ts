import type { NatsConnection } from '@nats-io/transport-node';
import { type Clock, systemClock } from '../../kernel/clock.js';
import { checkKeys, checkNumber, checkOneOf, given, refuse } from '../../kernel/options.js';
import type { Driver } from '../../messaging/driver.js';
import type { JetStreamCapabilities } from './jetstream-capabilities.js';
import { JetStreamDriver } from './jetstream-driver.js';

/** How a bus over NATS JetStream is made. */
export interface JetStreamOptions {
  /** The connection, which stays the caller's: it is never closed here, and comes back by itself. */
  readonly client: NatsConnection;
  /**
   * The name of the stream, and the first token of its subjects; buses that are to hear of each other have
   * the same. Dead letters are in the stream `<prefix>-dead`. @default 'keelson'
   */
  readonly prefix?: string;
  /**
   * The bytes of each of the two streams. What all groups have dealt with goes when it is half full; when
   * it is full of what somebody still has to handle, publishing fails until there is room.
   * @default 1073741824
   */
  readonly maxBytes?: number;
  /**
   * The dead letters of one group of one topic; when there are so many, messages come again instead.
   * @default 10000
   */
  readonly maxDeadLetters?: number;
  /** For how many ms the server knows a message again by its id. @default 120000 */
  readonly dedupeWindowMs?: number;
  /** Where the server keeps the streams. @default 'file' */
  readonly storage?: 'file' | 'memory';
  /** How many servers of a cluster keep them, 1 to 5. @default 1 */
  readonly replicas?: number;
  /**
   * The largest message, headers and body together, in bytes. When it is left out, what the server takes
   * (`max_payload`) without 4096 for the way in which headers are written.
   */
  readonly maxRecordBytes?: number;
  /**
   * What may be done about the streams: make them where they are not there, look whether they are as they
   * have to be, or only whether they are there. @default 'ensure'
   */
  readonly topology?: 'ensure' | 'check' | 'none';
  /** What the subjects of the API begin with: `$JS.<domain>.API` for a domain. @default '$JS.API' */
  readonly apiPrefix?: string;
  /** The source of time for leases and waits in this process. @default systemClock */
  readonly clock?: Clock;
}

/** What stands where an option was left out. */
export const jetStreamDefaults: {
  readonly prefix: string;
  readonly maxBytes: number;
  readonly maxDeadLetters: number;
  readonly dedupeWindowMs: number;
  readonly storage: 'file';
  readonly replicas: number;
  readonly topology: 'ensure';
  readonly apiPrefix: string;
} = /* @__PURE__ */ Object.freeze({
  prefix: 'keelson',
  maxBytes: 1_073_741_824,
  maxDeadLetters: 10_000,
  dedupeWindowMs: 120_000,
  storage: 'file',
  replicas: 1,
  topology: 'ensure',
  apiPrefix: '$JS.API',
});

/** What a server takes that says nothing else, and what the frame around a record needs of it. */
const USUAL_PAYLOAD = 1_048_576;
const FRAME_BYTES = 4_096;
/** The largest `max_payload` that a server can be given. */
const LARGEST_PAYLOAD = 64 * 1_048_576;
const owner = 'jetStream';

function checkClient(client: NatsConnection): void {
  for (const method of ['request', 'publish', 'subscribe', 'status', 'isClosed', 'isDraining'] as const) {
    if (typeof client?.[method] !== 'function') {
      refuse(owner, 'client', `a connection of @nats-io/transport-node, with \`${method}\``, client);
    }
  }
}

/**
 * A driver for NATS JetStream, of a server from 2.9 on.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 *
 * @example
 * ```ts
 * import { createBus } from 'keelson/messaging';
 * import { jetStream } from 'keelson/nats';
 * import { connect } from '@nats-io/transport-node';
 *
 * const client = await connect({ servers: 'nats.example', maxReconnectAttempts: -1, timeout: 2_000 });
 * const bus = createBus(jetStream({ client }));
 * ```
 */
export function jetStream(options: JetStreamOptions): Driver<JetStreamCapabilities> {
  checkKeys(owner, options, [...Object.keys(jetStreamDefaults), 'client', 'clock', 'maxRecordBytes']);
  const { client, clock = systemClock, ...all } = { ...jetStreamDefaults, ...given(options) };
  checkClient(client);
  const { prefix, apiPrefix } = all;
  if (typeof prefix !== 'string' || !/^[\w-]{1,64}$/.test(prefix)) {
    refuse(owner, 'prefix', '1 to 64 characters of A-Z a-z 0-9 _ -', prefix);
  }
  if (typeof apiPrefix !== 'string' || !/^[$\w-]+(\.[$\w-]+)*$/.test(apiPrefix)) {
    refuse(owner, 'apiPrefix', 'tokens with dots between them', apiPrefix);
  }
  checkNumber(owner, 'maxBytes', all.maxBytes, { min: 1_024, max: 2 ** 50, integer: true });
  checkNumber(owner, 'maxDeadLetters', all.maxDeadLetters, { min: 1, max: 2 ** 30, integer: true });
  checkNumber(owner, 'dedupeWindowMs', all.dedupeWindowMs, { min: 100, max: 2 ** 40, integer: true });
  checkNumber(owner, 'replicas', all.replicas, { min: 1, max: 5, integer: true });
  checkOneOf(owner, 'storage', all.storage, ['file', 'memory']);
  checkOneOf(owner, 'topology', all.topology, ['ensure', 'check', 'none']);
  const most = (client.info?.max_payload ?? USUAL_PAYLOAD) - FRAME_BYTES;
  const { maxRecordBytes = Math.max(1, most) } = all;
  checkNumber(owner, 'maxRecordBytes', maxRecordBytes, { min: 1, max: LARGEST_PAYLOAD, integer: true });
  return new JetStreamDriver({ ...all, maxRecordBytes, client, clock });
}
