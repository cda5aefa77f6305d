import { readInstance } from '../../discovery/instance-rules.js';
import type { InstanceKey } from '../../discovery/registry-store.js';
import type { RegisteredInstance, ServiceInstance } from '../../discovery/service-instance.js';
import type { EtcdEntry } from './etcd-answers.js';
import { decoded } from './etcd-keys.js';

/** What others wrote may be larger than what this process would. */
const LARGEST_METADATA = 1_048_576;

/** What stands under the key of an instance. */
export interface InstanceRecord {
  readonly incarnation: number;
  /** The time of its lease, in s. */
  readonly ttlS: number;
  readonly instance: ServiceInstance;
}

/** All of an instance, as whoever wrote it has written it. */
export const textOf = ({ incarnation, ttlS, instance }: InstanceRecord): string =>
  JSON.stringify({ incarnation, ttlS, instance });

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** An entry of the store; `undefined` for what is none, for others may write there, too. */
export function readRecord(
  key: InstanceKey | undefined,
  entry: EtcdEntry | undefined,
): { readonly record: InstanceRecord; readonly registered: RegisteredInstance } | undefined {
  if (key === undefined || entry?.value === undefined) return undefined;
  try {
    const { incarnation, ttlS, instance: raw } = JSON.parse(decoded(entry.value)) as InstanceRecord;
    const instance = readInstance(raw, LARGEST_METADATA);
    const isOwn = instance?.service === key.service && instance.id === key.id;
    if (!isOwn || !isCount(incarnation) || !isCount(ttlS)) return undefined;
    const registered = Object.freeze({ ...instance, incarnation, preserved: false });
    return { record: { incarnation, ttlS, instance: raw }, registered };
  } catch {
    return undefined;
  }
}

/** What is remembered of an instance: the latest incarnation, and whether that one was taken out. */
function readGrave(entry: EtcdEntry | undefined): { readonly incarnation: number; readonly closed: boolean } {
  try {
    const { incarnation, closed } = JSON.parse(decoded(entry?.value ?? '')) as Record<string, unknown>;
    if (isCount(incarnation)) return { incarnation, closed: closed === true };
  } catch {}
  return { incarnation: -1, closed: false };
}

/** What stands of one id, as it was seen at one revision. */
export class EtcdScene {
  readonly key: InstanceKey;
  /** What stands under its key, whatever that is. */
  readonly entry: EtcdEntry | undefined;
  readonly grave: EtcdEntry | undefined;
  /** How many instances there are. */
  readonly count: number;
  readonly known: InstanceRecord | undefined;

  constructor(key: InstanceKey, entry: EtcdEntry | undefined, grave: EtcdEntry | undefined, count: number) {
    this.key = key;
    this.entry = entry;
    this.grave = grave;
    this.count = count;
    this.known = readRecord(key, entry)?.record;
  }

  /** The lease of what stands there. */
  get lease(): string | undefined {
    return this.entry?.lease;
  }

  /** Whether an incarnation that is not there is over, for it or a later one was taken out or replaced. */
  isOver(incarnation: number): boolean {
    const { incarnation: latest, closed } = readGrave(this.grave);
    return incarnation < latest || (incarnation === latest && closed);
  }

  /** The incarnation that is known, where this one has no say. */
  against(instance: ServiceInstance, incarnation: number): number | undefined {
    const { known } = this;
    if (known === undefined) return this.isOver(incarnation) ? readGrave(this.grave).incarnation : undefined;
    const isSame =
      incarnation === known.incarnation && JSON.stringify(known.instance) === JSON.stringify(instance);
    return incarnation > known.incarnation || isSame ? undefined : known.incarnation;
  }
}
