import { checkTopic } from '../../core/topic-pattern.js';

/** The names of the bus, and how they stand at the broker: levels in place of tokens, below a prefix. */
export class MqttTopics {
  /** Begins what the driver itself publishes. No topic of a bus can begin with it. */
  readonly own: string;
  readonly #base: string;

  constructor(prefix: string) {
    this.#base = prefix === '' ? '' : `${prefix}/`;
    this.own = `${prefix === '' ? 'keelson' : prefix}~`;
  }

  /** Where a topic stands. Dead letters are apart, or a group of many topics would be handed its own. */
  topic(name: string): string {
    return this.#under(name) + name.replaceAll('.', '/');
  }

  /** `*` is `+`; `>` is `+/#`, as `#` alone would match the level above it too. */
  filter(pattern: string): string {
    const levels = pattern.split('.').map(token => (token === '*' ? '+' : token === '>' ? '+/#' : token));
    return this.#under(pattern) + levels.join('/');
  }

  /** That of a group. */
  shared(group: string, pattern: string): string {
    return `$share/${group}/${this.filter(pattern)}`;
  }

  /** The topic of the bus that stands there; `undefined` for what cannot be one. */
  name(topic: string): string | undefined {
    const base = topic.startsWith(`${this.own}/dead/`) ? `${this.own}/dead/` : this.#base;
    if (!topic.startsWith(base) || topic.includes('.')) return undefined;
    const name = topic.slice(base.length).replaceAll('/', '.');
    return checkTopic(name) === undefined ? name : undefined;
  }

  #under(name: string): string {
    return isDeadLetterTopic(name) ? `${this.own}/dead/` : this.#base;
  }
}

/** Whether what is published there are dead letters. */
export function isDeadLetterTopic(name: string): boolean {
  return name.endsWith('.dlq');
}
