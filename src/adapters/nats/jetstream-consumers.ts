import type { ConsumerConfig, ConsumerInfo } from '@nats-io/jetstream';
import { TopologyError } from '../../kernel/bus-errors.js';
import { newId } from '../../kernel/random.js';
import type { SubscribeSpec } from '../../messaging/driver.js';
import type { JetStreamApi } from './jetstream-api.js';
import { consumerOf, streamOf, subjectOf } from './jetstream-names.js';

/** As whom a subscription reads. */
export interface Membership {
  /** The name of the consumer. */
  readonly name: string;
  /** The consumer is made for this member alone, and ends with it. */
  readonly guest: boolean;
}

/** What was found, or made. */
export interface Joined {
  /** How long the server waits for a settlement, in ms. */
  readonly leaseMs: number;
  /** From which number on not everything has been dealt with. */
  readonly from: number;
}

const NS_PER_MS = 1_000_000;
/** After so long without a word the server forgets the consumer of a member that has no group. */
const GUEST_MS = 60_000;
/** So many messages of a group may be unsettled, those that wait for their redelivery among them. */
const MOST_UNSETTLED = 65_536;
/** So many requests for messages may wait at a consumer: one for each member. */
const MOST_WAITING = 4_096;

/** A new member of the group of `spec`; of one of its own where there is none. */
export function newMember({ group, pattern }: SubscribeSpec): Membership {
  if (group !== undefined) return { name: consumerOf(group, pattern), guest: false };
  return { name: `guest-${newId()}`, guest: true };
}

/**
 * Makes sure that the consumer is there, in the way that `topology` allows. One that has to be made again
 * begins at `from`.
 *
 * @throws TopologyError when it is not, or is otherwise; nothing is changed then but for a longer lease.
 */
export async function joinConsumer(
  api: JetStreamApi,
  prefix: string,
  spec: SubscribeSpec,
  member: Membership,
  from?: number,
): Promise<Joined> {
  const stream = streamOf(prefix);
  const { name, guest } = member;
  const wanted = configOf(prefix, spec, member);
  let info = await api.consumer(stream, name);
  if (info === undefined) {
    if (!guest && spec.topology !== 'ensure') throw new TopologyError(`${placeOfGroup(spec)} is not there`);
    const start = await startOf(api, stream, spec, from);
    info = await api.putConsumer(stream, name, { ...wanted, ...start });
  }
  if (spec.topology !== 'none') info = await agree(api, stream, spec, wanted, info);
  const dealtWith = info.num_ack_pending === 0 ? info.delivered.stream_seq : info.ack_floor.stream_seq;
  return { leaseMs: (info.config.ack_wait ?? 0) / NS_PER_MS, from: dealtWith + 1 };
}

function configOf(prefix: string, spec: SubscribeSpec, { name, guest }: Membership): Partial<ConsumerConfig> {
  const lasting = guest
    ? { name, inactive_threshold: GUEST_MS * NS_PER_MS, mem_storage: true, num_replicas: 1 }
    : { name, durable_name: name };
  return {
    ...lasting,
    ack_policy: 'explicit',
    ack_wait: Math.ceil(spec.leaseMs) * NS_PER_MS,
    // The bus decides when there have been too many: the server would keep such a message and say nothing.
    max_deliver: -1,
    max_ack_pending: spec.order === 'topic' ? 1 : MOST_UNSETTLED,
    max_waiting: MOST_WAITING,
    filter_subject: subjectOf(prefix, spec.pattern),
    replay_policy: 'instant',
  } as Partial<ConsumerConfig>;
}

async function startOf(
  api: JetStreamApi,
  stream: string,
  { start }: SubscribeSpec,
  from: number | undefined,
): Promise<Partial<ConsumerConfig>> {
  if (from === undefined) {
    return { deliver_policy: start === 'earliest' ? 'all' : 'new' } as Partial<ConsumerConfig>;
  }
  const info = await api.stream(stream);
  // A stream that was lost counts from 1 again, and nothing of what it has by now has been seen.
  const known = info !== undefined && info.state.last_seq + 1 >= from;
  const begin = { deliver_policy: 'by_start_sequence', opt_start_seq: known ? from : 1 };
  return begin as Partial<ConsumerConfig>;
}

const placeOfGroup = ({ group, pattern }: SubscribeSpec): string => `nats: the group ${group} of ${pattern}`;

/** A lease is only made longer: another member may count on the one that it found. */
async function agree(
  api: JetStreamApi,
  stream: string,
  spec: SubscribeSpec,
  wanted: Partial<ConsumerConfig>,
  info: ConsumerInfo,
): Promise<ConsumerInfo> {
  const { config } = info;
  const refuse = (what: string): never => {
    throw new TopologyError(`${placeOfGroup(spec)} ${what}`);
  };
  const ordered = config.max_ack_pending === 1;
  if (ordered !== (spec.order === 'topic')) {
    refuse(`keeps the order '${ordered ? 'topic' : 'none'}', not '${spec.order}'`);
  }
  for (const name of ['ack_policy', 'filter_subject', 'max_deliver'] as const) {
    if (config[name] !== wanted[name]) refuse(`has \`${name}\` ${config[name]}, not ${wanted[name]}`);
  }
  if (config.deliver_subject !== undefined) refuse('is pushed to, not pulled');
  if (config.headers_only === true) refuse('gets headers only');
  if ((config.backoff ?? []).length > 0) refuse('has a `backoff`, which stands for the lease');
  if ((config.ack_wait ?? 0) >= wanted.ack_wait!) return info;
  if (spec.topology !== 'ensure') {
    refuse(`has leases of ${(config.ack_wait ?? 0) / NS_PER_MS} ms, not of ${spec.leaseMs} ms`);
  }
  return api.putConsumer(stream, config.durable_name ?? info.name, { ...config, ack_wait: wanted.ack_wait! });
}
