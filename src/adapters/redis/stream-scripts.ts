import { createHash } from 'node:crypto';
import type { Clock } from '../../kernel/clock.js';
import { commonLua } from './lua-common.js';
import { fetchLua } from './lua-fetch.js';
import { groupLua } from './lua-group.js';
import { joinLua, leaveLua } from './lua-membership.js';
import { publishLua, routesLua } from './lua-routes.js';
import { settleLua } from './lua-settle.js';
import type { RedisConnection } from './redis-connection.js';

/** What a bus keeps at the server, and where. */
export interface StreamBounds {
  readonly prefix: string;
  readonly maxLength: number;
  readonly retainMs: number;
  readonly maxDeadLetters: number;
}

const texts = {
  publish: commonLua + routesLua + publishLua,
  fetch: commonLua + routesLua + groupLua + fetchLua,
  settle: commonLua + groupLua + settleLua,
  join: commonLua + groupLua + joinLua,
  leave: commonLua + groupLua + leaveLua,
} as const;

/** So long a client may be silent about a command, in ms: some never tell of one that was cut off. */
const ANSWER_MS = 30_000;

/** Runs the scripts of a bus: each is one step that the server takes wholly or not at all. */
export class StreamScripts {
  readonly #client: RedisConnection;
  readonly #clock: Clock;
  readonly #common: readonly string[];
  readonly #hashes = new Map<string, string>();

  constructor(client: RedisConnection, clock: Clock, bounds: StreamBounds) {
    const { prefix, maxLength, retainMs, maxDeadLetters } = bounds;
    this.#client = client;
    this.#clock = clock;
    this.#common = [prefix, String(maxLength), String(retainMs), String(maxDeadLetters)];
  }

  async run(name: keyof typeof texts, args: readonly (string | Buffer)[]): Promise<unknown> {
    try {
      return await this.send('EVALSHA', [this.#hash(name), '0', ...this.#common, ...args]);
    } catch (error) {
      if (!isReply(error, 'NOSCRIPT')) throw error;
      // The server is a new one; it has not done anything yet.
      return this.send('EVAL', [texts[name], '0', ...this.#common, ...args]);
    }
  }

  /** Sends any command, and waits for its answer only so long. */
  send(command: string, args: readonly (string | Buffer)[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.schedule(ANSWER_MS, () => {
        reject(new Error(`redis: no answer to ${command} within ${ANSWER_MS} ms`));
      });
      this.#client.callBuffer(command, ...args).then(
        answer => {
          timer.cancel();
          resolve(answer);
        },
        (error: unknown) => {
          timer.cancel();
          reject(error);
        },
      );
    });
  }

  #hash(name: keyof typeof texts): string {
    let hash = this.#hashes.get(name);
    if (hash === undefined) {
      hash = createHash('sha1').update(texts[name]).digest('hex');
      this.#hashes.set(name, hash);
    }
    return hash;
  }
}

/** What servers before 7 put before that which has stopped a script. */
const stopped = /^ERR Error running script .*?: -?(?=[A-Z]+ )/;

/** The code that an answer of the server begins with: `NOGROUP`. */
export function codeOf(text: string): string {
  return text.replace(stopped, '').split(' ')[0]!;
}

/** Whether it is an answer of the server, one with that code where it is given. */
export function isReply(error: unknown, code?: string): error is Error {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return false;
  return code === undefined || codeOf(error.message) === code;
}
