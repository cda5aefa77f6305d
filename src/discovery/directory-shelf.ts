import { newId } from '../kernel/random.js';
import { checkInstance } from './instance-rules.js';
import type { StorePosition, StoreView } from './registry-store.js';
import type { NewInstance, RegisteredInstance, ServiceInstance } from './service-instance.js';

/** One service, as it was found last. */
interface Shelf {
  revision: number;
  instances: ReadonlyMap<string, RegisteredInstance>;
}

const textOf = ({ incarnation: _, preserved: __, ...instance }: RegisteredInstance): string =>
  JSON.stringify(instance);

/**
 * The instances of services as they are found whole, again and again: makes revisions and incarnations of
 * what has changed between two looks.
 */
export class DirectoryShelf {
  readonly #epoch = newId();
  readonly #services = new Map<string, Shelf>();
  #count = 0;

  /** The services that have instances, in the order of their names. */
  names(): readonly string[] {
    return [...this.#services]
      .filter(([, { instances }]) => instances.size > 0)
      .map(([name]) => name)
      .sort();
  }

  /** Whether a service was ever looked at. */
  has(service: string): boolean {
    return this.#services.has(service);
  }

  /** These are all instances of a service from now on. Whether that is news. */
  put(service: string, found: readonly ServiceInstance[]): boolean {
    const shelf = this.#services.get(service);
    let isNews = shelf === undefined || shelf.instances.size !== found.length;
    const instances = new Map<string, RegisteredInstance>();
    for (const instance of found) {
      const known = shelf?.instances.get(instance.id);
      if (known !== undefined && textOf(known) === JSON.stringify(instance)) {
        instances.set(instance.id, known);
        continue;
      }
      isNews = true;
      instances.set(
        instance.id,
        Object.freeze({ ...instance, incarnation: ++this.#count, preserved: false }),
      );
    }
    if (isNews) this.#services.set(service, { revision: ++this.#count, instances });
    return isNews;
  }

  /** These are all instances of all services from now on. The services of which that is news. */
  putAll(found: readonly ServiceInstance[]): readonly string[] {
    const byService = new Map<string, ServiceInstance[]>();
    for (const service of this.#services.keys()) byService.set(service, []);
    for (const instance of found) {
      const list = byService.get(instance.service);
      if (list === undefined) byService.set(instance.service, [instance]);
      else list.push(instance);
    }
    return [...byService].filter(([service, list]) => this.put(service, list)).map(([service]) => service);
  }

  view(service: string, since: StorePosition | undefined): StoreView {
    const shelf = this.#services.get(service);
    const position = { epoch: this.#epoch, revision: shelf?.revision ?? 0 };
    if (since?.epoch === position.epoch && since.revision === position.revision) {
      return { ...position, kind: 'same' };
    }
    return { ...position, kind: 'all', instances: [...(shelf?.instances.values() ?? [])] };
  }
}

/**
 * The instances of a list, checked; one without an id goes by its address.
 *
 * @throws InvalidInstanceError that names the field, the rule and the value; TypeError for two of one name.
 */
export function checkList(list: unknown, maxMetadataBytes: number, most: number): readonly ServiceInstance[] {
  if (!Array.isArray(list)) throw new TypeError('a list of instances is wanted, of `service` and `address`');
  if (list.length > most) throw new RangeError(`${list.length} instances; at most ${most} may be there`);
  const names = new Set<string>();
  return (list as readonly NewInstance[]).map(given => {
    const id = given?.id ?? idOf(given?.address);
    const instance = checkInstance({ ...given, id }, maxMetadataBytes);
    const name = `${instance.service}/${instance.id}`;
    if (names.has(name)) throw new TypeError(`two instances are called ${name}`);
    names.add(name);
    return instance;
  });
}

/** An address as a name: without what no name may hold. */
export function idOf(address: unknown): string {
  return String(address)
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, '')
    .replace(/[[\]]/g, '')
    .replace(/^:+/, 'v6-');
}
