import { Buffer } from 'node:buffer';
import type { StreamConfig, StreamInfo } from '@nats-io/jetstream';
import { headers as newHeaders } from '@nats-io/transport-node';
import type { InstanceKey } from '../../discovery/registry-store.js';
import { TopologyError } from '../../kernel/bus-errors.js';
import type { Clock } from '../../kernel/clock.js';
import { apiCode, isMissing, JetStreamApi, refusalCode } from './jetstream-api.js';
import { isUnheard } from './nats-failures.js';
import { NatsLink } from './nats-link.js';
import type { NatsRegistryStoreOptions } from './registry-options.js';
import { BucketEntry, type BucketRecord, BucketSubjects } from './registry-records.js';
import { type Snapshot, snapshotOf } from './registry-snapshot.js';

const NS_PER_MS = 1_000_000;
/** What says that a record is as it was, for a little longer: nobody has to look. */
const BEAT = 'Keelson-Beat';
const EXPECTED = 'Nats-Expected-Last-Subject-Sequence';
/** So long the clock of this process tells the time of the server well enough, in ms. */
const TRUSTED_MS = 30_000;

/** What stands under a subject. */
export interface Held {
  /** 0 where there is nothing. */
  readonly seq: number;
  readonly entry: BucketEntry | undefined;
}

/** One life of a bucket. */
export interface BucketLife {
  readonly epoch: string;
  readonly lastSeq: number;
}

/** A key-value bucket of NATS, by requests of JSON; made again where the server has lost it. */
export class RegistryBucket {
  readonly subjects: BucketSubjects;
  readonly #rules: Required<NatsRegistryStoreOptions>;
  readonly #link: NatsLink;
  readonly #api: JetStreamApi;
  readonly #clock: Clock;
  /** How far the server is ahead of this process: no more than it truly is. */
  #aheadMs = -Infinity;
  #askedAt = -Infinity;
  #isChecked = false;

  constructor(rules: Required<NatsRegistryStoreOptions>) {
    this.#rules = rules;
    this.subjects = new BucketSubjects(rules.bucket);
    this.#clock = rules.clock;
    this.#link = new NatsLink(rules.client, rules.clock);
    this.#api = new JetStreamApi(this.#link, rules.apiPrefix);
  }

  /** The clock of the server, late by a round trip at most: a lease never ends early. */
  async now(): Promise<number> {
    if (this.#clock.now() - this.#askedAt > TRUSTED_MS) await this.snapshot(this.subjects.of('-'));
    return this.#clock.now() + this.#aheadMs;
  }

  /** @throws TopologyError where the bucket is not as it has to be. */
  async life(): Promise<BucketLife> {
    const info = (await this.#api.stream(this.subjects.stream)) ?? (await this.#make());
    this.#check(info.config);
    this.#isChecked = true;
    return { epoch: String(info.created), lastSeq: info.state.last_seq };
  }

  async get(key: InstanceKey): Promise<Held> {
    const subject = this.subjects.instance(key);
    const found = await this.#there(() => this.#api.lastOf(this.subjects.stream, subject));
    if (found === undefined) return { seq: 0, entry: undefined };
    const text = Buffer.from(found.data ?? '', 'base64').toString();
    return { seq: found.seq, entry: BucketEntry.read(key, text, Date.parse(found.time)) };
  }

  /**
   * Writes where nobody else has since `seq` was read. `beat`: nothing but the time of its lease is new.
   *
   * @returns whether it is written, or there is no room
   */
  async put(key: InstanceKey, record: BucketRecord, seq: number, beat: boolean): Promise<boolean | 'full'> {
    const headers = newHeaders();
    headers.set(EXPECTED, String(seq));
    if (beat) headers.set(BEAT, '1');
    const body = Buffer.from(JSON.stringify(record));
    try {
      const subject = this.subjects.instance(key);
      await this.#there(() => this.#api.store(subject, body, { headers, bytes: 0 }));
      return true;
    } catch (error) {
      if (isMissing(error, refusalCode.wrongSequence)) return false;
      // The server has one number for all that keeps it from storing.
      if (isMissing(error, refusalCode.failed) && /maximum messages/.test(String(error))) return 'full';
      throw error;
    }
  }

  async snapshot(filter: string): Promise<Snapshot> {
    const { stream } = this.subjects;
    const snapshot = await this.#there(() => snapshotOf(this.#api, this.#clock, stream, filter));
    this.#askedAt = this.#clock.now();
    this.#aheadMs = snapshot.serverMs - this.#askedAt;
    return snapshot;
  }

  /** Calls `hint` for each service of which more than a lease has changed. */
  follow(hint: (service: string | undefined) => void): () => void {
    const subscription = this.#rules.client.subscribe(this.subjects.all, {
      callback: (error, message) => {
        if (error !== null || message.headers?.has(BEAT)) return;
        const key = this.subjects.parse(message.subject);
        if (key !== undefined) hint(key.service);
      },
    });
    // Nobody has told of what happened while the connection was away.
    const unwatch = this.#link.watch({ lost: () => {}, back: () => hint(undefined) });
    return () => {
      unwatch();
      if (!subscription.isClosed()) subscription.unsubscribe();
    };
  }

  close(): void {
    this.#link.close();
  }

  /** Once more where the server did not know the bucket: a server that begins anew has none. */
  async #there<T>(step: () => Promise<T>): Promise<T> {
    if (!this.#isChecked) await this.life();
    try {
      return await step();
    } catch (error) {
      if (!isMissing(error, apiCode.noStream) && !isUnheard(error)) throw error;
      await this.life();
      return step();
    }
  }

  /** What others have made may be otherwise. */
  #check({ max_msgs_per_subject: perKey, max_age: age, subjects }: StreamConfig): void {
    const { bucket, tombstoneMs } = this.#rules;
    const refuse = (what: string, rule: string, value: unknown): never => {
      throw new TopologyError(`nats: \`${what}\` of the bucket ${bucket} must be ${rule}, is ${value}`);
    };
    if (!subjects?.includes(this.subjects.all)) refuse('subjects', this.subjects.all, subjects);
    if (perKey !== 1) refuse('history', '1', perKey);
    const least = tombstoneMs * NS_PER_MS;
    if (age !== 0 && age < least) refuse('ttl', `0 or at least ${least} ns (\`tombstoneMs\`)`, age);
  }

  async #make(): Promise<StreamInfo> {
    const { bucket, topology, tombstoneMs, maxInstances, storage, replicas } = this.#rules;
    const { stream: name, all } = this.subjects;
    if (topology === 'check') throw new TopologyError(`nats: the bucket ${bucket} is not there`);
    // As the key-value stores of NATS have it, so that its tools can look at it.
    const config = {
      ...{ name, subjects: [all], storage, num_replicas: replicas, retention: 'limits', discard: 'new' },
      ...{ max_msgs_per_subject: 1, max_msgs: maxInstances, max_age: tombstoneMs * NS_PER_MS },
      ...{ max_bytes: -1, max_msg_size: -1, max_consumers: -1, allow_direct: true },
      ...{ allow_rollup_hdrs: true, deny_delete: true },
      // No longer than what is kept at all.
      duplicate_window: Math.min(tombstoneMs, 120_000) * NS_PER_MS,
    };
    return this.#api.addStream(config as unknown as Parameters<JetStreamApi['addStream']>[0]);
  }
}
