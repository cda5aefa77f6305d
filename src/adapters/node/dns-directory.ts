import { getServers } from 'node:dns';
import { isAddress } from '../../discovery/address.js';
import { checkList, DirectoryShelf, idOf } from '../../discovery/directory-shelf.js';
import { checkService } from '../../discovery/instance-rules.js';
import type { StorePosition, StoreView } from '../../discovery/registry-store.js';
import type { NewInstance } from '../../discovery/service-instance.js';
import type { ServiceDirectory } from '../../discovery/service-registry.js';
import { type DirectoryStore, StoredDirectory } from '../../discovery/stored-directory.js';
import type { DirectoryOptions } from '../../discovery/stored-registry.js';
import { type Clock, systemClock } from '../../kernel/clock.js';
import { checkKeys, checkNumber, given, isRecord, refuse } from '../../kernel/options.js';
import type { DnsRecord } from './dns-message.js';
import { type DnsServer, dnsQuery } from './dns-query.js';

/** Where a service is found: by SRV records, or by the addresses of a name and a port. */
export type DnsPlace =
  | { readonly srv: string; readonly scheme?: 'http' | 'https' }
  | { readonly host: string; readonly port: number; readonly scheme?: 'http' | 'https' };

/** How a directory of DNS is made. */
export interface DnsDirectoryOptions extends DirectoryOptions {
  /** The services, and where each is found. */
  readonly services: Readonly<Record<string, DnsPlace>>;
  /** The servers that are asked, as `10.0.0.2` or `10.0.0.2:53`. @default those of the system */
  readonly servers?: readonly string[];
  /** How long a server may take to answer, in ms. @default 2000 */
  readonly queryTimeoutMs?: number;
  /** No record is asked for again before so long, whatever it says, in ms. @default 1000 */
  readonly minTtlMs?: number;
  /** No record is believed for longer than this, in ms. @default 300000 */
  readonly maxTtlMs?: number;
  /** So often in a row a name may not be there before its instances are gone; an integer >= 1. @default 3 */
  readonly missing?: number;
}

const owner = 'dnsDirectory';
const defaults = { queryTimeoutMs: 2_000, minTtlMs: 1_000, maxTtlMs: 300_000, missing: 3 };
const shared = ['name', 'maxWatches', 'answerTimeoutMs', 'clock', 'random'];
/** So many instances of one service. */
const MOST_RECORDS = 4_096;

type DnsPlan = typeof defaults & { readonly servers: readonly DnsServer[]; readonly clock: Clock };

/** One service, as far as DNS is concerned. */
class Name {
  readonly place: DnsPlace;
  /** Until when what is known is true. */
  until = -Infinity;
  /** How often in a row there was no such name. */
  missed = 0;
  problem: { readonly error: unknown } | undefined;
  asking: Promise<void> | undefined;

  constructor(place: DnsPlace) {
    this.place = place;
  }
}

class DnsStore implements DirectoryStore {
  /** It is asked as often as it may change; what is still true is not asked for again. */
  readonly pollMs: number;
  readonly #plan: DnsPlan;
  readonly #names: ReadonlyMap<string, Name>;
  readonly #shelf = new DirectoryShelf();

  constructor(plan: DnsPlan, places: Readonly<Record<string, DnsPlace>>) {
    this.#plan = plan;
    this.pollMs = plan.minTtlMs;
    this.#names = new Map(Object.entries(places).map(([service, place]) => [service, new Name(place)]));
  }

  async read(service: string, since: StorePosition | undefined): Promise<StoreView> {
    const name = this.#names.get(service);
    if (name === undefined) return this.#shelf.view(service, since);
    await this.#look(service, name);
    // Who begins has what is known; who knows it hears that it is old.
    const { problem } = name;
    if (problem !== undefined && (since !== undefined || !this.#shelf.has(service))) throw problem.error;
    return this.#shelf.view(service, since);
  }

  async services(): Promise<readonly string[]> {
    return [...this.#names.keys()].sort();
  }

  async #look(service: string, name: Name): Promise<void> {
    if (this.#plan.clock.now() < name.until) return;
    name.asking ??= this.#ask(service, name).finally(() => {
      name.asking = undefined;
    });
    await name.asking;
  }

  async #ask(service: string, name: Name): Promise<void> {
    const { clock, minTtlMs, maxTtlMs, missing } = this.#plan;
    try {
      // A record that leads nowhere, such as to port 0, is no reason to miss the others.
      const all = await this.#records(name.place);
      const records = all.filter(record => isAddress(`${record.host}:${record.port}`));
      const ttlMs = Math.min(...records.map(({ ttl }) => ttl * 1_000), maxTtlMs);
      name.until = clock.now() + (records.length === 0 ? minTtlMs : Math.max(ttlMs, minTtlMs));
      name.missed = records.length === 0 ? Math.min(name.missed + 1, missing) : 0;
      name.problem = undefined;
      // A name that is gone for a moment is more likely a mistake than the end of all its instances.
      if (records.length === 0 && name.missed < missing && this.#shelf.has(service)) return;
      const list = records.slice(0, MOST_RECORDS).map(record => instanceOf(service, name.place, record));
      this.#shelf.put(service, checkList(distinct(list), 4_096, MOST_RECORDS));
    } catch (error) {
      name.until = clock.now() + minTtlMs;
      name.problem = { error };
    }
  }

  async #records(place: DnsPlace): Promise<readonly DnsRecord[]> {
    const { servers, queryTimeoutMs, clock } = this.#plan;
    const ask = (name: string, type: 'A' | 'AAAA' | 'SRV') =>
      dnsQuery(servers, name, type, queryTimeoutMs, clock);
    if ('srv' in place) return (await ask(place.srv, 'SRV')).records;
    const both = await Promise.all([ask(place.host, 'A'), ask(place.host, 'AAAA')]);
    return both.flatMap(({ records }) => records.map(record => ({ ...record, port: place.port, weight: 1 })));
  }
}

/** Weights of SRV are shares; where all are 0 they are alike, and 0 among others is a little. */
function instanceOf(service: string, { scheme }: DnsPlace, record: DnsRecord): NewInstance {
  const { host, port, weight, priority } = record;
  const address = `${host}:${port}`;
  const metadata = { priority: String(priority) };
  const shown = scheme === undefined ? address : `${scheme}://${address}`;
  return { service, id: idOf(address), address: shown, weight: weight === 0 ? 0.1 : weight, metadata };
}

function distinct(list: readonly NewInstance[]): readonly NewInstance[] {
  return [...new Map(list.map(instance => [instance.id, instance])).values()];
}

function serverOf(server: unknown): DnsServer {
  const text = typeof server === 'string' ? server : '';
  const [, v6, host, port] = /^(?:\[([0-9a-f:.]+)\]|([0-9a-f:.]+?))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const isBareV6 = /^[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text);
  const found = isBareV6 ? { host: text, port: 53 } : { host: v6 ?? host ?? '', port: Number(port ?? 53) };
  if (found.host === '' || found.port < 1 || found.port > 65_535) {
    refuse(owner, 'servers', 'addresses such as 10.0.0.2 or 10.0.0.2:53', server);
  }
  return found;
}

function checkPlace(service: string, place: unknown): void {
  checkService(service);
  const { srv, host, port, scheme } = (isRecord(place) ? place : {}) as Readonly<Record<string, unknown>>;
  const rule = '{ srv } or { host, port }';
  if (typeof srv !== 'string' && typeof host !== 'string') refuse(owner, `services.${service}`, rule, place);
  if (typeof srv !== 'string') checkNumber(owner, 'port', port, { min: 1, max: 65_535, integer: true });
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') {
    refuse(owner, 'scheme', "'http' or 'https'", scheme);
  }
}

/**
 * Services that DNS knows, in the place of a registry: by SRV records, or by the addresses of a name. Records
 * are asked for again when their time is over. While no server answers, what was known last stays; that a
 * name is gone is believed after so many questions.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 *
 * @example
 * ```ts
 * import { ServiceWatcher } from 'keelson/discovery';
 * import { dnsDirectory } from 'keelson/node';
 *
 * const directory = dnsDirectory({
 *   services: { cart: { srv: '_http._tcp.cart.example' }, stock: { host: 'stock.example', port: 8080 } },
 * });
 * const cart = new ServiceWatcher({ registry: directory, service: 'cart' });
 * ```
 */
export function dnsDirectory(options: DnsDirectoryOptions): ServiceDirectory {
  checkKeys(owner, options, ['services', 'servers', ...Object.keys(defaults), ...shared]);
  const { services, servers, queryTimeoutMs, minTtlMs, maxTtlMs, missing, ...rest } = {
    servers: undefined,
    ...defaults,
    ...given(options),
  };
  if (!isRecord(services)) refuse(owner, 'services', 'an object of services', services);
  for (const [service, place] of Object.entries(services)) checkPlace(service, place);
  if (servers !== undefined && (!Array.isArray(servers) || servers.length === 0)) {
    refuse(owner, 'servers', 'a list of addresses', servers);
  }
  checkNumber(owner, 'queryTimeoutMs', queryTimeoutMs, { min: 1, max: 2 ** 40 });
  checkNumber(owner, 'minTtlMs', minTtlMs, { min: 10, max: 2 ** 40 });
  checkNumber(owner, 'maxTtlMs', maxTtlMs, { min: minTtlMs, max: 2 ** 40 });
  checkNumber(owner, 'missing', missing, { min: 1, max: 2 ** 30, integer: true });
  const asked = (servers ?? getServers()).map(serverOf);
  const { clock = systemClock } = rest;
  const plan = { queryTimeoutMs, minTtlMs, maxTtlMs, missing, servers: asked, clock };
  return new StoredDirectory(new DnsStore(plan, services), { name: 'dns', ...rest });
}
