import { checkKeys, refuse } from '../kernel/options.js';
import type { EventChain } from './event-chains.js';
import { isThenable } from './event-listener.js';

/**
 * An event of a registry as a topic of a message bus. It has the shape of the topics of `keelson/messaging`,
 * so that any `MessageBus` takes it: what is published is checked by the registry, and what was written in an
 * older version is brought up to the current one.
 */
export interface EventTopic<in In = never, out Out = unknown> {
  /** That of the event. */
  readonly name: string;
  /** The version in which it is written. */
  readonly version: number;
  /** The oldest version that can be read. */
  readonly oldest: number;
  /** Asks the registry about what is to be published. @throws `ERR_INVALID_EVENT` with what it says. */
  check(data: In): void | Promise<void>;
  /** What data is kept in order by. */
  keyOf(data: In): string | undefined;
  /** Leads data of a version up to the current one. @throws `ERR_INVALID_EVENT` when that fails. */
  read(data: unknown, version: number): Out | Promise<Out>;
  /** What it is. */
  describe(): { readonly topic: string; readonly version: number; readonly oldest: number };
}

/** How an event becomes a topic. */
export interface EventTopicOptions<In> {
  /** What has to stay in order: events of the same key. */
  readonly key?: (data: In) => string | undefined;
}

/** What a topic asks its registry. */
interface Judge {
  validate(name: never, payload: unknown): unknown;
  decode(type: string, version: number, data: unknown): Promise<{ readonly data: unknown }>;
}

/** @throws TypeError for a `key` that is no function. */
export function topicOf(
  registry: Judge,
  { name, oldest, current }: EventChain,
  options: EventTopicOptions<never>,
): EventTopic<unknown> {
  const owner = 'topic';
  checkKeys(owner, options, ['key']);
  const { key } = options as EventTopicOptions<unknown>;
  if (key !== undefined && typeof key !== 'function') refuse(owner, 'key', 'a function', key);
  const validate = (data: unknown): unknown => registry.validate(name as never, data);
  return {
    name,
    version: current,
    oldest,
    check(data) {
      const judged = validate(data);
      return isThenable(judged) ? Promise.resolve(judged).then(() => {}) : undefined;
    },
    keyOf(data) {
      const value = key?.(data);
      if (value !== undefined && typeof value !== 'string') {
        refuse(owner, 'key', 'a function to a string', value);
      }
      return value;
    },
    read: (data, version) => registry.decode(name, version, data).then(event => event.data),
    describe: () => ({ topic: name, version: current, oldest }),
  };
}
