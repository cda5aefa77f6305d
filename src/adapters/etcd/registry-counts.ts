import type { StorePosition } from '../../discovery/registry-store.js';

/** So many services, and so many positions of each. */
const MOST_SERVICES = 10_000;
const MOST_POSITIONS = 8;

const nameOf = ({ epoch, revision }: StorePosition): string => `${revision} ${epoch}`;

/** How many instances a service had at the latest positions that were read: so it shows when one has left. */
export class KnownCounts {
  readonly #services = new Map<string, Map<string, number>>();

  at(service: string, position: StorePosition): number | undefined {
    return this.#services.get(service)?.get(nameOf(position));
  }

  keep(service: string, position: StorePosition, count: number): void {
    const known = this.#services.get(service) ?? new Map<string, number>();
    known.set(nameOf(position), count);
    trim(known, MOST_POSITIONS);
    // The latest stand last.
    this.#services.delete(service);
    this.#services.set(service, known);
    trim(this.#services, MOST_SERVICES);
  }
}

function trim(map: Map<string, unknown>, most: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= most) return;
    map.delete(oldest);
  }
}
