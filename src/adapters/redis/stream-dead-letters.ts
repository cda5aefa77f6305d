import type { DeadLetterShelf, DeadRecord } from '../../messaging/driver.js';
import { recordOf } from './stream-record.js';
import type { StreamScripts } from './stream-scripts.js';

type Entry = readonly [Buffer, readonly Buffer[]];

/** The dead letters of each group, of each topic in a stream of its own. */
export class StreamDeadLetters implements DeadLetterShelf {
  readonly #scripts: StreamScripts;
  readonly #prefix: string;

  constructor(scripts: StreamScripts, prefix: string) {
    this.#scripts = scripts;
    this.#prefix = prefix;
  }

  async list(
    topic: string,
    group: string,
    limit: number,
    after: string | undefined,
  ): Promise<readonly DeadRecord[]> {
    const from = after === undefined ? '-' : `(${after}`;
    const args = [this.#key(topic, group), from, '+', 'COUNT', String(limit)];
    const entries = (await this.#scripts.send('XRANGE', args)) as readonly Entry[];
    return entries.map(([id, flat]) => {
      const fields = new Map<string, Buffer>();
      for (let at = 0; at < flat.length; at += 2) fields.set(String(flat[at]), flat[at + 1]!);
      const field = (name: string): Buffer => fields.get(name) ?? Buffer.alloc(0);
      const record = recordOf(topic, String(field('key')), String(field('headers')), field('body'));
      return { position: id.toString(), record };
    });
  }

  async count(topic: string, group: string): Promise<number> {
    return Number(await this.#scripts.send('XLEN', [this.#key(topic, group)]));
  }

  async discard(topic: string, group: string, position: string): Promise<boolean> {
    return (await this.#scripts.send('XDEL', [this.#key(topic, group), position])) === 1;
  }

  #key(topic: string, group: string): string {
    return `${this.#prefix}:dead:${topic}:${group}`;
  }
}
