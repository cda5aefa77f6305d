import { type Clock, systemClock } from '../../kernel/clock.js';
import { checkKeys, checkNumber, given, refuse } from '../../kernel/options.js';
import { refuseSignal } from '../../saga/saga-errors.js';
import type {
  ClaimedSaga,
  Drivable,
  HistoryEntry,
  LockRequest,
  NewSaga,
  NewSignal,
  SagaCounts,
  SagaQuery,
  SagaRecord,
  SagaStore,
  SagaWrite,
  StoredSignal,
  WriteAnswer,
} from '../../saga/saga-store.js';
import type { RedisScripts } from './redis-client.js';
import {
  fieldsOf,
  fromText,
  insertArgs,
  maybe,
  signalText,
  toEntry,
  toMs,
  toName,
  toRecord,
  toSignals,
  toText,
  writeArgs,
} from './saga-codec.js';
import { SagaScripts } from './saga-scripts.js';

/** How a store of sagas over Redis is made. */
export interface RedisSagaStoreOptions {
  /** The connection, which stays the caller's: it is neither opened nor closed here. */
  readonly client: RedisScripts;
  /** What the names of all keys begin with, in braces: one slot of a cluster has them. @default 'keelson' */
  readonly prefix?: string;
  /** So many events of a saga are kept; the oldest goes first. @default 1000 */
  readonly maxHistory?: number;
  /**
   * So many signals that it has not used are kept for one saga, by its id, and as many by its key; one more
   * is refused. @default 1000
   */
  readonly maxSignalsPerSaga?: number;
  /** How long an answer may take, in ms. @default 30000 */
  readonly answerTimeoutMs?: number;
  /** The source of time for waits in this process; the server goes by its own. @default systemClock */
  readonly clock?: Clock;
}

/** What stands where an option was left out. */
export const redisSagaDefaults: {
  readonly prefix: string;
  readonly maxHistory: number;
  readonly maxSignalsPerSaga: number;
  readonly answerTimeoutMs: number;
} = /* @__PURE__ */ Object.freeze({
  prefix: 'keelson',
  maxHistory: 1_000,
  maxSignalsPerSaga: 1_000,
  answerTimeoutMs: 30_000,
});

type Limits = Pick<typeof redisSagaDefaults, 'maxHistory' | 'maxSignalsPerSaga'>;

/** So many sagas are looked at, renewed or forgotten in one script: the server does nothing else then. */
const PAGE = 200;
const owner = 'redisSagaStore';

type Flat = readonly string[];

const addressOf = (definition: string, key: string): string => `${toText(definition)}\n${toText(key)}`;

const kindOf = ({ definition, version, hash }: Drivable): string =>
  `${toText(definition)}\n${version}\n${toText(hash)}`;

const toClaimed = ([interrupted, flat]: readonly [number, Flat]): ClaimedSaga => ({
  record: toRecord(flat)!,
  interrupted: interrupted === 1,
});

class RedisSagaStore implements SagaStore {
  readonly #scripts: SagaScripts;
  readonly #limits: Limits;

  constructor(scripts: SagaScripts, limits: Limits) {
    this.#scripts = scripts;
    this.#limits = limits;
  }

  async open(): Promise<void> {
    await this.now();
  }

  async now(): Promise<number> {
    return Number(await this.#scripts.run('now'));
  }

  async insert(saga: NewSaga): Promise<{ readonly record: SagaRecord; readonly inserted: boolean }> {
    const answer = (await this.#scripts.run('insert', ...insertArgs(saga))) as readonly [number, Flat];
    return { record: toRecord(answer[1])!, inserted: answer[0] === 1 };
  }

  async claim(
    owner: string,
    drivable: readonly Drivable[],
    limit: number,
    leaseMs: number,
  ): Promise<readonly ClaimedSaga[]> {
    const args = [toText(owner), String(limit), toMs(leaseMs), ...drivable.map(kindOf)];
    const taken = (await this.#scripts.run('claim', ...args)) as readonly (readonly [number, Flat])[];
    return taken.map(toClaimed);
  }

  async claimOne(owner: string, id: string, leaseMs: number): Promise<ClaimedSaga | undefined> {
    const answer = await this.#scripts.run('claimOne', toText(owner), toText(id), toMs(leaseMs));
    const taken = answer as readonly [number, Flat] | readonly [];
    return taken.length === 0 ? undefined : toClaimed(taken);
  }

  async write(write: SagaWrite): Promise<WriteAnswer> {
    const answer = await this.#scripts.run('write', ...writeArgs(write, this.#limits.maxHistory));
    const [kind, reason] = answer as readonly [WriteAnswer['kind'], string?];
    return kind === 'cancel' ? { kind, reason: fromText(reason!) } : { kind };
  }

  async renew(
    claims: readonly { readonly id: string; readonly epoch: number }[],
    leaseMs: number,
  ): Promise<readonly string[]> {
    const lost: string[] = [];
    for (let at = 0; at < claims.length; at += PAGE) {
      const page = claims.slice(at, at + PAGE).flatMap(({ id, epoch }) => [toText(id), String(epoch)]);
      lost.push(...((await this.#scripts.run('renew', toMs(leaseMs), ...page)) as Flat).map(fromText));
    }
    return lost;
  }

  async signal({ target, name, dedupe, payload }: NewSignal): Promise<'kept' | 'known' | 'late'> {
    const { maxSignalsPerSaga: most } = this.#limits;
    const byId = 'id' in target;
    const address = byId ? `i${toText(target.id)}` : `k${addressOf(target.definition, target.key)}`;
    const args = [
      address,
      maybe(byId ? toText(target.id) : undefined),
      toName(JSON.stringify([name, dedupe])),
    ];
    const answer = await this.#scripts.run('signal', ...args, signalText(name, payload), String(most));
    if (answer === 'full') refuseSignal(owner, 'maxSignalsPerSaga', most, target);
    return answer as 'kept' | 'known' | 'late';
  }

  async signals(id: string): Promise<readonly StoredSignal[]> {
    return toSignals((await this.#scripts.run('signals', toText(id))) as Flat);
  }

  async cancel(id: string, reason: string): Promise<'accepted' | 'refused' | 'over' | 'unknown'> {
    const answer = await this.#scripts.run('cancel', toText(id), toText(reason));
    return answer as 'accepted' | 'refused' | 'over' | 'unknown';
  }

  async wake(id: string): Promise<void> {
    await this.#scripts.run('wake', toText(id));
  }

  async lock({ lock, saga, epoch, leaseMs }: LockRequest): Promise<boolean> {
    const args = [toName(lock), toText(saga), String(epoch), toMs(leaseMs)];
    return (await this.#scripts.run('lock', ...args)) === 1;
  }

  async get(id: string): Promise<SagaRecord | undefined> {
    return toRecord((await this.#scripts.run('get', toText(id))) as Flat);
  }

  async find(definition: string, key: string): Promise<SagaRecord | undefined> {
    return toRecord((await this.#scripts.run('find', addressOf(definition, key))) as Flat);
  }

  async list({ definition, status, after, limit }: SagaQuery): Promise<readonly SagaRecord[]> {
    const found: SagaRecord[] = [];
    let from = after === undefined ? undefined : toText(after);
    const kept = maybe(definition === undefined ? definition : toText(definition));
    while (found.length < limit) {
      const args = [maybe(status), kept, maybe(from), String(limit - found.length), String(PAGE)];
      const [upto, sagas] = (await this.#scripts.run('list', ...args)) as readonly [string, readonly Flat[]];
      for (const flat of sagas) {
        const record = toRecord(flat);
        if (record !== undefined) found.push(record);
      }
      if (upto === '') break;
      from = upto;
    }
    return found;
  }

  async census(): Promise<readonly (Drivable & { readonly count: number })[]> {
    const counts = fieldsOf((await this.#scripts.run('census')) as Flat);
    return [...counts].map(([kind, count]) => {
      const [definition, version, hash] = kind.split('\n') as [string, string, string];
      const own = { definition: fromText(definition), version: Number(version), hash: fromText(hash) };
      return { ...own, count: Number(count) };
    });
  }

  async count(): Promise<SagaCounts> {
    const counts = (await this.#scripts.run('count')) as readonly number[];
    const [running = 0, waiting = 0, compensating = 0, parked = 0] = counts.map(Number);
    return { running, waiting, compensating, parked };
  }

  async history(id: string): Promise<readonly HistoryEntry[]> {
    return ((await this.#scripts.run('history', toText(id))) as Flat).map(toEntry);
  }

  async purge(ageMs: number, limit: number): Promise<number> {
    let [sagas, signals, passed] = [0, 0, 0];
    const age = String(Math.max(0, Math.floor(ageMs)));
    for (let left = limit; left > 0; ) {
      const most = Math.min(PAGE, left);
      const answer = await this.#scripts.run('purge', age, String(most), String(passed));
      const [some, early, kept] = answer as readonly [number, number, number];
      sagas += some;
      signals += early;
      passed += kept;
      if (Math.max(some + kept, early) < most) break;
      left = limit - Math.max(sagas, signals);
    }
    return sagas + signals;
  }
}

/**
 * Keeps sagas in Redis 5 or later, shared by all processes that reach it: each step is one script, by the
 * clock of the server. All keys share one hash tag, so that it works with a cluster, on one of its nodes.
 *
 * What was written is as durable as the server is set up to be: with `appendfsync everysec` a crash takes the
 * last second with it, and effects of steps are forgotten that were made. Use `appendfsync always`, and no
 * policy of eviction.
 *
 * Its methods reject with an `ERR_SAGA_STORE` that says whether it may have been done (`maybeDone`) and
 * whether another try may do better (`retryable`); all of them are safe to repeat.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 *
 * @example
 * ```ts
 * import { redisSagaStore } from 'keelson/redis';
 * import { Redis } from 'ioredis';
 *
 * const store = redisSagaStore({ client: new Redis('redis://redis.example') });
 * ```
 */
export function redisSagaStore(options: RedisSagaStoreOptions): SagaStore {
  checkKeys(owner, options, [...Object.keys(redisSagaDefaults), 'client', 'clock']);
  const { client, clock = systemClock, ...rules } = { ...redisSagaDefaults, ...given(options) };
  if (typeof client?.evalsha !== 'function' || typeof client.eval !== 'function') {
    refuse(owner, 'client', 'a client, with `eval` and `evalsha`', client);
  }
  const { prefix, maxHistory, maxSignalsPerSaga, answerTimeoutMs } = rules;
  if (typeof prefix !== 'string' || !/^[\w:.-]{1,128}$/.test(prefix)) {
    refuse(owner, 'prefix', '1 to 128 characters of A-Z a-z 0-9 _ : . -', prefix);
  }
  checkNumber(owner, 'maxHistory', maxHistory, { min: 1, max: 2 ** 30, integer: true });
  checkNumber(owner, 'maxSignalsPerSaga', maxSignalsPerSaga, { min: 1, max: 2 ** 30, integer: true });
  checkNumber(owner, 'answerTimeoutMs', answerTimeoutMs, { min: 1, max: 2 ** 40 });
  return new RedisSagaStore(new SagaScripts(client, `{${prefix}}`, clock, answerTimeoutMs), rules);
}
