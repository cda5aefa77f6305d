import { Buffer } from 'node:buffer';
import { readInstance } from '../../discovery/instance-rules.js';
import type { InstanceKey } from '../../discovery/registry-store.js';
import type { RegisteredInstance, ServiceInstance } from '../../discovery/service-instance.js';

/** What others wrote may be larger than what this process would. */
const LARGEST_METADATA = 1_048_576;
const PLAIN = /^[\w-]+$/;

/** A word as a token of a subject: as it is where it may be one, else by its bytes. No two have the same. */
const tokenOf = (word: string): string =>
  PLAIN.test(word) ? word : `=${Buffer.from(word).toString('base64url')}`;

const wordOf = (token: string): string =>
  token.startsWith('=') ? Buffer.from(token.slice(1), 'base64url').toString() : token;

/** The subjects of a bucket. */
export class BucketSubjects {
  readonly bucket: string;

  constructor(bucket: string) {
    this.bucket = bucket;
  }

  /** The stream that stands behind it. */
  get stream(): string {
    return `KV_${this.bucket}`;
  }

  get all(): string {
    return `$KV.${this.bucket}.>`;
  }

  of(service: string): string {
    return `$KV.${this.bucket}.${tokenOf(service)}.*`;
  }

  instance({ service, id }: InstanceKey): string {
    return `$KV.${this.bucket}.${tokenOf(service)}.${tokenOf(id)}`;
  }

  /** `undefined` for the subject of something else. */
  parse(subject: string): InstanceKey | undefined {
    const tokens = subject.slice(`$KV.${this.bucket}.`.length).split('.');
    return tokens.length === 2 ? { service: wordOf(tokens[0]!), id: wordOf(tokens[1]!) } : undefined;
  }
}

/** What stands under the subject of an instance, or is remembered of it. */
export interface BucketRecord {
  readonly incarnation: number;
  /** Its lease, in ms; `undefined` once it was taken out. */
  readonly ttlMs?: number;
  readonly instance?: ServiceInstance;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** An entry with the time at which the server stored it. */
export class BucketEntry {
  readonly key: InstanceKey;
  readonly record: BucketRecord;
  readonly registered: RegisteredInstance | undefined;
  readonly storedMs: number;

  private constructor(key: InstanceKey, record: BucketRecord, storedMs: number) {
    this.key = key;
    this.record = record;
    this.storedMs = storedMs;
    const instance = readInstance(record.instance, LARGEST_METADATA);
    const isOwn = instance?.service === key.service && instance.id === key.id && isCount(record.ttlMs);
    const { incarnation } = record;
    this.registered = isOwn ? Object.freeze({ ...instance, incarnation, preserved: false }) : undefined;
  }

  /** `undefined` for what is none, for others may write there, too. */
  static read(key: InstanceKey | undefined, text: string, storedMs: number): BucketEntry | undefined {
    try {
      const record = JSON.parse(text) as BucketRecord;
      if (key === undefined || !isCount(record.incarnation)) return undefined;
      return new BucketEntry(key, record, storedMs);
    } catch {
      return undefined;
    }
  }

  /** Whether its lease holds; it is over at exactly its end, by the clock of the server. */
  isLive(nowMs: number): boolean {
    return this.registered !== undefined && nowMs < this.storedMs + this.record.ttlMs!;
  }

  /** Whether an incarnation has no say once this one is over: one that was only late may come again. */
  outdates(incarnation: number): boolean {
    const isClosed = this.record.ttlMs === undefined;
    return incarnation < this.record.incarnation || (isClosed && incarnation === this.record.incarnation);
  }

  /** Whether it is this very instance. */
  isSame(incarnation: number, instance: ServiceInstance): boolean {
    const { record } = this;
    return record.incarnation === incarnation && JSON.stringify(record.instance) === JSON.stringify(instance);
  }
}
