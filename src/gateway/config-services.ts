import {
  type BalancerWay,
  hashRing,
  leastBusy,
  maglev,
  peakEwma,
  rendezvous,
  roundRobin,
  weightedChance,
  weightedTurns,
} from '../discovery/balancer-ways.js';
import { OutlierDetector } from '../discovery/outlier-detector.js';
import { checkNumber, checkOneOf } from '../kernel/options.js';
import { ServiceProxy } from '../proxy/service-proxy.js';
import { makeOf } from '../resilience/config-making.js';
import { isFields, unlimited } from '../resilience/config-values.js';
import { type ConfigRoom, entriesOf, type Fields, fieldsOf, tellValue } from './config-room.js';
import type { InstanceConfig } from './gateway-config.js';
import { readOrigin } from './upstream.js';

const ways: Readonly<Record<string, () => BalancerWay>> = {
  'least-busy': leastBusy,
  'peak-ewma': peakEwma,
  'round-robin': roundRobin,
  'weighted-turns': weightedTurns,
  'weighted-chance': weightedChance,
  'hash-ring': hashRing,
  maglev,
  rendezvous,
};
const known = ['instances', 'by', 'zone', 'slowStartMs', 'outliers'];

/** An instance, with all that is known of it. */
export interface Instance {
  readonly id: string;
  readonly url: string;
  readonly weight: number;
  readonly zone?: string;
}

/** The services of a config, by name. One whose instances alone have changed stays what it is. */
export function servicesOf(value: unknown, room: ConfigRoom): Record<string, ServiceProxy<Instance>> {
  const made: [string, ServiceProxy<Instance>][] = [];
  for (const [name, entry, path] of entriesOf(value, 'services', room)) {
    const proxy = serviceOf(name, entry, path, room);
    if (proxy !== undefined) made.push([name, proxy]);
  }
  return Object.fromEntries(made);
}

function serviceOf(
  name: string,
  entry: unknown,
  path: string,
  room: ConfigRoom,
): ServiceProxy<Instance> | undefined {
  const fields = fieldsOf(entry, path, known, room.problems);
  if (fields === undefined) return undefined;
  const before = room.problems.told;
  const { instances: list, ...rest } = fields;
  const instances = instancesOf(list, `${path}.instances`, room);
  const outliers = outliersOf(rest['outliers'], `${path}.outliers`, room);
  const { by = 'least-busy' } = rest;
  const way = wayOf(by, `${path}.by`, room);
  if (room.problems.told > before) return undefined;
  // The wrong ones are found by one that nobody uses.
  const make = (service: readonly Instance[]): ServiceProxy<Instance> | undefined =>
    makeProxy(name, { ...rest, instances: service, outliers, by: way }, path, room);
  if (make(instances) === undefined) return undefined;
  const proxy = room.kept.of(`service ${name}`, rest, () => make([]));
  room.kept.onCommit(() => proxy?.update(instances));
  return proxy;
}

function makeProxy(
  name: string,
  fields: Fields,
  path: string,
  room: ConfigRoom,
): ServiceProxy<Instance> | undefined {
  const { clock, random } = room.extras;
  const { by, zone, slowStartMs, outliers, instances } = fields;
  const balancer = { by, zone, slowStartMs } as object;
  const seams = { ...(clock && { clock }), ...(random && { random }) };
  const make = (left: Fields): ServiceProxy<Instance> => {
    const given = Object.entries(left).filter(([, one]) => one !== undefined);
    const options = { service: name, instances: instances as Instance[], ...seams } as const;
    const own = outliers === undefined ? {} : { outliers: outliers as object };
    return new ServiceProxy({ ...options, ...own, balancer: Object.fromEntries(given) });
  };
  return makeOf({ options: balancer as Fields, entry: fields, path, make }, room.problems);
}

function wayOf(by: unknown, path: string, { problems }: ConfigRoom): BalancerWay | undefined {
  const make = (): BalancerWay => ways[checkOneOf('service', 'by', by, Object.keys(ways))]!();
  return makeOf({ options: {}, entry: { by }, path: path.replace(/\.by$/, ''), make }, problems);
}

function outliersOf(value: unknown, path: string, room: ConfigRoom): object | false | undefined {
  if (value === undefined || value === false) return value;
  const fields = fieldsOf(value, path, isFields(value) ? Object.keys(value) : [], room.problems);
  if (fields === undefined) return undefined;
  for (const field of ['name', 'clock', 'target']) {
    if (field in fields) room.problems.unknown(path, field, Object.keys(OutlierDetector.defaults));
  }
  const target = { eject: () => {}, readmit: () => {} };
  const make = (left: Fields): object => {
    new OutlierDetector({ ...left, target });
    return { ...left };
  };
  return makeOf({ options: unlimited(fields) as Fields, entry: fields, path, make }, room.problems);
}

function instancesOf(value: unknown, path: string, room: ConfigRoom): Instance[] {
  if (!Array.isArray(value)) {
    tellValue(room, path, 'a list of instances', value);
    return [];
  }
  const made = value.map((one, at) => instanceOf(one, `${path}[${at}]`, room));
  const seen = new Set<string>();
  for (const [at, one] of made.entries()) {
    if (one === undefined) continue;
    if (seen.has(one.id)) room.problems.tell(`${path}[${at}]`, `has the id of another: ${one.id}`);
    seen.add(one.id);
  }
  return made.filter(one => one !== undefined);
}

function instanceOf(value: unknown, path: string, room: ConfigRoom): Instance | undefined {
  const isText = typeof value === 'string';
  const entry = isText
    ? { url: value }
    : fieldsOf(value, path, ['url', 'id', 'weight', 'zone'], room.problems);
  if (entry === undefined) return undefined;
  const { url, id = url, weight = 1, zone } = entry as Partial<InstanceConfig>;
  const rule = 'an origin such as http://10.0.0.5:8080';
  if (typeof url !== 'string' || readOrigin(url) === undefined) {
    return tellValue(room, isText ? path : `${path}.url`, rule, url);
  }
  if (typeof id !== 'string' || id === '') return tellValue(room, `${path}.id`, 'a text', id);
  if (zone !== undefined && typeof zone !== 'string') return tellValue(room, `${path}.zone`, 'a text', zone);
  const make = (): Instance => {
    checkNumber('instance', 'weight', weight, { min: 0, max: 1e6 });
    return { id, url, weight, ...(zone === undefined ? {} : { zone }) };
  };
  return makeOf({ options: {}, entry: entry as Fields, path, make }, room.problems);
}
