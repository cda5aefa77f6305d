/**
 * How an instance says that it is. `up` takes calls; `starting` does not yet, `draining` does not any more;
 * `down` says of itself that it cannot.
 */
export type InstanceStatus = 'starting' | 'up' | 'draining' | 'down';

/** One running copy of a service, and where it answers. Data: nothing in it changes. */
export interface ServiceInstance {
  /** The service that it is a copy of. */
  readonly service: string;
  /** What it is called; no other instance of the service has it. */
  readonly id: string;
  /** Where it answers: `host:port`, or an origin such as `http://10.0.0.5:8080`. IPv6 in brackets. */
  readonly address: string;
  /** Its version, as `1.2.3` or `1.2.3-rc.1`; `undefined` where it does not say. */
  readonly version?: string | undefined;
  /** Where it stands, such as an availability zone; `undefined` where it does not say. */
  readonly zone?: string | undefined;
  /** Its share of the calls, against the others of its service. 0 takes none. */
  readonly weight: number;
  /** Words to choose it by. */
  readonly tags: readonly string[];
  /** What else there is to know of it. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What it says of itself. */
  readonly status: InstanceStatus;
}

/** An instance that is to be registered; what is left out has a value that stands for it. */
export interface NewInstance {
  /** The service that it is a copy of: 1 to 128 characters of `A-Z a-z 0-9 . _ -`. */
  readonly service: string;
  /**
   * What it is called; no other instance of the service has it. A process that comes back under the same id
   * replaces the one before. @default a new UUID
   */
  readonly id?: string | undefined;
  /** Where it answers: `host:port`, or an origin such as `http://10.0.0.5:8080`. IPv6 in brackets. */
  readonly address: string;
  /** Its version, as semver.org has it. */
  readonly version?: string | undefined;
  /** Where it stands, such as an availability zone. */
  readonly zone?: string | undefined;
  /** Its share of the calls, against the others of its service. 0 takes none. @default 1 */
  readonly weight?: number | undefined;
  /** Words to choose it by, at most 64. @default [] */
  readonly tags?: readonly string[] | undefined;
  /** What else there is to know of it, at most 64 entries. @default {} */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** What it says of itself. @default 'up' */
  readonly status?: InstanceStatus | undefined;
}

/** An instance as a registry has it. */
export interface RegisteredInstance extends ServiceInstance {
  /** Which life of it this is: whenever it changes, and whenever it begins anew, it is a greater integer. */
  readonly incarnation: number;
  /**
   * Whether its lease has ended and it is kept all the same: so many ended together that it is more likely
   * that nobody heard of them than that all are gone.
   */
  readonly preserved: boolean;
}
