import { createHash } from 'node:crypto';
import type { Clock } from '../../kernel/clock.js';
import { SagaStoreError } from '../../saga/saga-errors.js';
import { sagaCommonLua } from './lua-saga-common.js';
import {
  countByStatusLua,
  countSagasLua,
  findSagaLua,
  getSagaLua,
  listSagasLua,
  purgeSagasLua,
  sagaHistoryLua,
} from './lua-saga-lists.js';
import { cancelSagaLua, lockSagaLua, signalSagaLua, signalsOfSagaLua, wakeSagaLua } from './lua-saga-news.js';
import { claimSagaLua, claimSagasLua, insertSagaLua, renewSagasLua, writeSagaLua } from './lua-saga-turns.js';
import { type RedisScripts, runScript } from './redis-client.js';

const bodies = {
  insert: insertSagaLua,
  claim: claimSagasLua,
  claimOne: claimSagaLua,
  write: writeSagaLua,
  renew: renewSagasLua,
  signal: signalSagaLua,
  signals: signalsOfSagaLua,
  cancel: cancelSagaLua,
  wake: wakeSagaLua,
  lock: lockSagaLua,
  get: getSagaLua,
  find: findSagaLua,
  list: listSagasLua,
  census: countSagasLua,
  count: countByStatusLua,
  history: sagaHistoryLua,
  purge: purgeSagasLua,
  now: 'return whole(now)',
} as const;

/** What the server says when it does nothing now, and may do it later. */
const passing = /^(?:LOADING|BUSY|OOM|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|MISCONF)/;

/** What an error of a client says of a script that was sent. */
function storeError(what: string, error: unknown): SagaStoreError {
  const { name, message = String(error) } = (error ?? {}) as { name?: unknown; message?: string };
  const answered = name === 'ReplyError';
  const facts = { cause: error, retryable: !answered || passing.test(message), maybeDone: !answered };
  const told = answered ? 'it was not done' : 'it may have been done';
  return new SagaStoreError(`redisSagaStore: ${what} failed, and ${told}: ${message}`, facts);
}

/** Runs the scripts of a store: each is one step that the server takes wholly or not at all. */
export class SagaScripts {
  readonly #client: RedisScripts;
  readonly #key: string;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #scripts = new Map<string, { readonly text: string; readonly sha: string }>();

  constructor(client: RedisScripts, key: string, clock: Clock, timeoutMs: number) {
    this.#client = client;
    this.#key = key;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws SagaStoreError when the server did not do it, or did not answer in time. */
  async run(name: keyof typeof bodies, ...args: readonly string[]): Promise<unknown> {
    let timer: { cancel(): void } | undefined;
    const late = new Promise<never>((_, reject) => {
      const tell = () => reject(new Error(`no answer within ${this.#timeoutMs} ms`));
      timer = this.#clock.schedule(this.#timeoutMs, tell, true);
    });
    try {
      return await Promise.race([runScript(this.#client, this.#script(name), this.#key, args), late]);
    } catch (error) {
      throw storeError(name, error);
    } finally {
      timer?.cancel();
    }
  }

  #script(name: keyof typeof bodies): { readonly text: string; readonly sha: string } {
    let script = this.#scripts.get(name);
    if (script === undefined) {
      const text = sagaCommonLua + bodies[name];
      script = { text, sha: createHash('sha1').update(text).digest('hex') };
      this.#scripts.set(name, script);
    }
    return script;
  }
}
