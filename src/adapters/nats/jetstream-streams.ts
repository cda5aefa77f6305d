import type { StreamConfig, StreamInfo } from '@nats-io/jetstream';
import { TopologyError } from '../../kernel/bus-errors.js';
import type { JetStreamApi } from './jetstream-api.js';
import { deadStreamOf, streamOf } from './jetstream-names.js';
import { ApiError } from './nats-failures.js';

/** How the streams of a bus are made. */
export interface StreamRules {
  readonly prefix: string;
  readonly topology: 'ensure' | 'check' | 'none';
  readonly maxBytes: number;
  readonly maxDeadLetters: number;
  readonly dedupeWindowMs: number;
  readonly storage: 'file' | 'memory';
  readonly replicas: number;
}

const NS_PER_MS = 1_000_000;

type Config = Partial<StreamConfig> & { readonly name: string };

/** What each stream of a bus has to be, or else something that was confirmed could be lost in silence. */
function configsOf(rules: StreamRules): readonly Config[] {
  const { prefix, maxBytes, maxDeadLetters, dedupeWindowMs, storage, replicas } = rules;
  const common = {
    retention: 'limits',
    discard: 'new',
    storage,
    num_replicas: replicas,
    max_bytes: maxBytes,
    max_age: 0,
    max_msgs: -1,
    max_msg_size: -1,
    max_consumers: -1,
    duplicate_window: dedupeWindowMs * NS_PER_MS,
  } as const;
  const [all, dead] = [streamOf(prefix), deadStreamOf(prefix)];
  const perSubject = { max_msgs_per_subject: maxDeadLetters, discard_new_per_subject: true };
  return [
    { ...common, name: all, subjects: [`${all}.>`], max_msgs_per_subject: -1 },
    { ...common, name: dead, subjects: [`${dead}.>`], ...perSubject },
  ] as unknown as readonly Config[];
}

/**
 * Makes sure that the streams are there, in the way that `topology` allows.
 *
 * @throws TopologyError when one is not, or is otherwise; nothing is changed then.
 */
export async function ensureStreams(api: JetStreamApi, rules: StreamRules): Promise<void> {
  for (const config of configsOf(rules)) {
    let info = await api.stream(config.name);
    if (info === undefined && rules.topology === 'ensure') info = await make(api, config);
    if (info === undefined) throw new TopologyError(`nats: the stream ${config.name} is not there`);
    if (rules.topology !== 'none') compare(config, info);
  }
}

async function make(api: JetStreamApi, config: Config): Promise<StreamInfo | undefined> {
  try {
    return await api.addStream(config);
  } catch (error) {
    // Somebody else was quicker; or its subjects, or the room for it, are another's.
    const info = await api.stream(config.name);
    if (info !== undefined || !(error instanceof ApiError) || error.status >= 500) return info;
    throw new TopologyError(`nats: the stream ${config.name} cannot be made: ${error.message}`, {
      cause: error,
    });
  }
}

/** A server ignores what it does not know: what counts is what it answers with. */
function compare(wanted: Config, { config }: StreamInfo): void {
  const found = config as StreamConfig & { discard_new_per_subject?: boolean };
  const refuse = (what: string, rule: unknown, value: unknown): never => {
    throw new TopologyError(`nats: \`${what}\` of the stream ${wanted.name} must be ${rule}, is ${value}`);
  };
  const [subject] = wanted.subjects!;
  if (!(found.subjects ?? []).includes(subject!)) refuse('subjects', subject, found.subjects);
  const same = ['retention', 'discard', 'max_msgs_per_subject', 'discard_new_per_subject'] as const;
  for (const name of same) {
    const [rule, value] = [(wanted as typeof found)[name] ?? false, found[name] ?? false];
    // How many dead letters there may be is the operator's to say, but they must not push out each other.
    const both = name === 'max_msgs_per_subject' && Number(rule) > 0 && Number(value) > 0;
    if (rule !== value && !both) refuse(name, rule, value);
  }
  if (found.max_bytes <= 0 && found.max_msgs <= 0) refuse('max_bytes', 'a bound', found.max_bytes);
  for (const name of ['no_ack', 'sealed'] as const) if (found[name] === true) refuse(name, false, true);
  const window = wanted.duplicate_window!;
  if (found.duplicate_window < window) refuse('duplicate_window', `>= ${window} ns`, found.duplicate_window);
}
