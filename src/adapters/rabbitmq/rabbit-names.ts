import { createHash } from 'node:crypto';

/** A queue's name is so long at most, in bytes; these names are ASCII. */
const LONGEST_NAME = 255;

/** How the exchanges and queues of a bus are called. */
export class RabbitNames {
  /** The exchange that everything is published to: a topic exchange, and the topic is the routing key. */
  readonly topics: string;
  /** The exchange by which a message comes to one queue after a wait; its routing key is the queue. */
  readonly to: string;
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
    this.topics = prefix;
    this.to = `${prefix}:to`;
  }

  /** The queue of a group. */
  group(group: string, pattern: string): string {
    return this.#fitting('group', group, pattern);
  }

  /** The dead letters of a group, those of one topic. */
  dead(group: string, topic: string): string {
    return this.#fitting('dead', group, topic);
  }

  /** The queue of a subscriber without a group. */
  guest(id: string): string {
    return `${this.#prefix}:guest:${id}`;
  }

  /** The exchange and the queue of one level of waiting; below the lowest it is over. */
  wait(level: number): string {
    return `${this.#prefix}:wait:${level < 0 ? 'over' : level}`;
  }

  /** Whoever holds this queue looks through the dead letters of another. */
  looking(queue: string): string {
    return `${this.#prefix}:looking:${createHash('sha256').update(queue).digest('hex')}`;
  }

  /** What would be too long is told by its hash. */
  #fitting(kind: string, group: string, topic: string): string {
    const name = `${this.#prefix}:${kind}:${group}:${topic}`;
    if (name.length <= LONGEST_NAME) return name;
    const hash = createHash('sha256').update(topic).digest('hex');
    return `${this.#prefix}:${kind}:${group}:#${hash}`;
  }
}

/** A pattern in the words of a topic exchange: there `#` stands for none or more, `*` for one as well. */
export function bindingOf(pattern: string): string {
  return pattern.endsWith('>') ? `${pattern.slice(0, -1)}*.#` : pattern;
}
