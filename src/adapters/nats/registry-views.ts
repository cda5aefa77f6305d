import type { StorePosition } from '../../discovery/registry-store.js';
import type { RegisteredInstance } from '../../discovery/service-instance.js';

/** So many services are known; the one that was not asked for the longest is forgotten first. */
const MOST_SERVICES = 1_000;

/**
 * How services looked when they were read last. A lease ends without a word of the server, so that no number
 * of its stream tells whether a service has changed: how it looks does.
 */
export class SeenViews {
  readonly #views = new Map<string, StorePosition & { readonly look: string }>();

  /** The revision of what was read at `position`: that of before, where it looks as it did. */
  revisionOf(service: string, position: StorePosition, instances: readonly RegisteredInstance[]): number {
    const look = instances
      .map(({ id, incarnation }) => `${id} ${incarnation}`)
      .sort()
      .join('\n');
    const before = this.#views.get(service);
    this.#views.delete(service);
    const isSame = before?.epoch === position.epoch && before.look === look;
    // The end of a lease writes nothing: it is a change without a number of its own.
    const next =
      before?.epoch === position.epoch ? Math.max(position.revision, before.revision + 1) : position.revision;
    const revision = isSame ? before.revision : next;
    this.#views.set(service, { epoch: position.epoch, revision, look });
    if (this.#views.size > MOST_SERVICES) this.#views.delete(this.#views.keys().next().value!);
    return revision;
  }

  /** Whether a position is one that was given out here. */
  knows(service: string, { epoch, revision }: StorePosition): boolean {
    const view = this.#views.get(service);
    return view?.epoch === epoch && view.revision === revision;
  }
}
