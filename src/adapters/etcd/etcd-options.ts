import type { SecureContextOptions } from 'node:tls';
import { type Clock, systemClock } from '../../kernel/clock.js';
import { checkKeys, checkNumber, given, isRecord, refuse } from '../../kernel/options.js';

/** Who the process is to an etcd that asks for it. */
export interface EtcdCredentials {
  /** The user. */
  readonly name: string;
  /** The password. */
  readonly password: string;
}

/** How a store of instances over etcd is made. */
export interface EtcdRegistryStoreOptions {
  /**
   * The members of the cluster, as `http://10.0.0.5:2379`: one is spoken to, and the next one where it does
   * not answer.
   */
  readonly endpoints: string | readonly string[];
  /** The user, where the cluster has users. @default nobody */
  readonly credentials?: EtcdCredentials;
  /** Keys and certificates for `https` endpoints, as `node:tls` takes them. @default those of Node */
  readonly tls?: Pick<SecureContextOptions, 'ca' | 'cert' | 'key' | 'passphrase'>;
  /** What all keys begin with. @default 'keelson' */
  readonly prefix?: string;
  /** How often it is looked whether something has changed, in ms, beside the watch. @default 5000 */
  readonly pollMs?: number;
  /** So long after an instance was taken out a late word of it is not believed, in ms. @default 600000 */
  readonly tombstoneMs?: number;
  /**
   * So many instances, of all services together; those that come at one moment may pass it.
   * @default 100000
   */
  readonly maxInstances?: number;
  /** How long a member may take to answer before the next one is asked, in ms. @default 2000 */
  readonly requestTimeoutMs?: number;
  /** A watch that heard nothing for so long begins anew, in ms. @default 60000 */
  readonly watchIdleMs?: number;
  /** The largest answer that is read, in bytes. @default 67108864 */
  readonly maxAnswerBytes?: number;
  /** The source of time, for waits in this process; the server goes by its own. @default systemClock */
  readonly clock?: Clock;
}

/** What stands where an option was left out. */
export const etcdRegistryDefaults: {
  readonly prefix: string;
  readonly pollMs: number;
  readonly tombstoneMs: number;
  readonly maxInstances: number;
  readonly requestTimeoutMs: number;
  readonly watchIdleMs: number;
  readonly maxAnswerBytes: number;
} = /* @__PURE__ */ Object.freeze({
  prefix: 'keelson',
  pollMs: 5_000,
  tombstoneMs: 600_000,
  maxInstances: 100_000,
  requestTimeoutMs: 2_000,
  watchIdleMs: 60_000,
  maxAnswerBytes: 67_108_864,
});

/** Whether an option is one of the store, not of what is built over it. */
export const isEtcdOption = (name: string): boolean =>
  own.includes(name) || Object.hasOwn(etcdRegistryDefaults, name);

/** The checked options. */
export type EtcdPlan = typeof etcdRegistryDefaults & {
  readonly endpoints: readonly URL[];
  readonly credentials: EtcdCredentials | undefined;
  readonly tls: EtcdRegistryStoreOptions['tls'];
  readonly clock: Clock;
};

const owner = 'etcdRegistry';
const own = ['endpoints', 'credentials', 'tls', 'clock'];

function checkEndpoint(endpoint: unknown): URL {
  const rule = 'origins such as http://10.0.0.5:2379, without a path; a user belongs into `credentials`';
  // What is wrong with it is not shown: there may be a password in it.
  if (typeof endpoint !== 'string' || !URL.canParse(endpoint)) refuse(owner, 'endpoints', rule, 'another');
  const url = new URL(endpoint);
  const isBare = url.pathname === '/' && url.search + url.hash + url.username + url.password === '';
  if (!/^https?:$/.test(url.protocol) || !isBare) refuse(owner, 'endpoints', rule, 'another');
  return url;
}

function checkEndpoints(endpoints: unknown): readonly URL[] {
  const all: readonly unknown[] = Array.isArray(endpoints) ? endpoints : [endpoints];
  if (all.length === 0 || all.length > 100) {
    refuse(owner, 'endpoints', 'from 1 to 100 origins', all.length);
  }
  return all.map(checkEndpoint);
}

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkEtcdRegistry(options: EtcdRegistryStoreOptions): EtcdPlan {
  checkKeys(owner, options, [...own, ...Object.keys(etcdRegistryDefaults)]);
  const all = { ...etcdRegistryDefaults, ...given(options) };
  const { credentials, tls, clock = systemClock, prefix } = all;
  if (credentials !== undefined) {
    const { name, password } = (isRecord(credentials) ? credentials : {}) as Partial<EtcdCredentials>;
    if (typeof name !== 'string' || typeof password !== 'string') {
      refuse(owner, 'credentials', 'an object with `name` and `password`', credentials);
    }
  }
  if (tls !== undefined && !isRecord(tls)) refuse(owner, 'tls', 'an object', tls);
  if (typeof prefix !== 'string' || !/^[\w:./-]{1,128}$/.test(prefix)) {
    refuse(owner, 'prefix', '1 to 128 characters of A-Z a-z 0-9 _ : . / -', prefix);
  }
  checkNumber(owner, 'pollMs', all.pollMs, { min: 1, max: 2 ** 40 });
  checkNumber(owner, 'tombstoneMs', all.tombstoneMs, { min: 1, max: 2 ** 40, integer: true });
  checkNumber(owner, 'maxInstances', all.maxInstances, { min: 1, max: 2 ** 30, integer: true });
  checkNumber(owner, 'requestTimeoutMs', all.requestTimeoutMs, { min: 1, max: 2 ** 40 });
  checkNumber(owner, 'watchIdleMs', all.watchIdleMs, { min: 10, max: 2 ** 40 });
  checkNumber(owner, 'maxAnswerBytes', all.maxAnswerBytes, { min: 1_024, max: 2 ** 29, integer: true });
  return { ...all, credentials, tls, clock, endpoints: checkEndpoints(options.endpoints) };
}
