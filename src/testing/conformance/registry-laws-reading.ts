import type { StorePosition, StoreView } from '../../discovery/registry-store.js';
import type { RegistryScene, RegistrySceneLaw } from './registry-scene.js';

/** A copy that is kept up to date by views alone. */
class Copy {
  readonly #scene: RegistryScene;
  readonly #there = new Map<string, number>();
  position: StorePosition | undefined;

  constructor(scene: RegistryScene) {
    this.#scene = scene;
  }

  async follow(): Promise<StoreView> {
    const view = await this.#scene.read(this.position);
    const before = this.position;
    const { demand } = this.#scene;
    demand(view.kind !== 'changes' || before?.epoch === view.epoch, 'changes to follow what was read', view);
    if (view.kind === 'all') this.#there.clear();
    if (view.kind === 'changes') for (const id of view.removed) this.#there.delete(id);
    if (view.kind !== 'same') {
      const put = view.kind === 'all' ? view.instances : view.put;
      for (const { id, incarnation } of put) this.#there.set(id, incarnation);
    }
    this.position = view;
    return view;
  }

  async check(what: string): Promise<void> {
    await this.follow();
    const words = (entries: Iterable<readonly [string, number]>): string =>
      [...entries]
        .map(([id, incarnation]) => `${id}${incarnation}`)
        .sort()
        .join(' ');
    const whole = (await this.#scene.there()).map(({ id, incarnation }) => [id, incarnation] as const);
    this.#scene.demand(words(this.#there) === words(whole), `${words(whole)} ${what}`, words(this.#there));
  }
}

/** So often it is read while something is written. */
const READS = 30;

export const readingLaws: readonly RegistrySceneLaw[] = [
  {
    id: 'read.nothing',
    proves: 'a service that is not there has no instances, and a position all the same',
    async check(scene, demand) {
      const view = await scene.read();
      const empty = view.kind === 'all' && view.instances.length === 0;
      demand(empty && Number.isSafeInteger(view.revision), 'none, and a revision', view);
      const again = await scene.read(view);
      demand(again.kind !== 'all' || again.instances.length === 0, 'still none', again);
      demand((await scene.other.services()).length === 0, 'no services', 'some');
    },
  },
  {
    id: 'read.renewed',
    proves: 'who is renewed all the time is read once each time, and nobody is left out meanwhile',
    async check(scene) {
      await scene.put('a');
      await scene.put('b');
      let isRead = true;
      const renewing = (async () => {
        while (isRead) await scene.renew('b');
      })();
      try {
        for (let reads = 0; reads < READS; reads++) await scene.expect('a b', `both, at look ${reads}`);
      } finally {
        isRead = false;
        await renewing;
      }
    },
  },
  {
    id: 'read.copy',
    proves: 'who follows the views has what is there, after each change',
    async check(scene) {
      const copy = new Copy(scene);
      await copy.check('at first');
      await scene.put('a');
      await copy.check('after one came');
      await scene.put('b');
      await scene.put('c');
      await copy.check('after two came');
      await scene.put('b', 2, { status: 'draining' });
      await copy.check('after one changed');
      await scene.deregister('a', 1);
      await scene.put('d');
      await copy.check('after one left and one came');
      await scene.deregister('d', 1);
      await scene.put('d', 2);
      await copy.check('after one left and came back');
      for (const [id, incarnation] of [
        ['b', 2],
        ['c', 1],
        ['d', 2],
      ] as const) {
        await scene.deregister(id, incarnation);
      }
      await copy.check('after all left');
      await scene.put('e');
      await copy.check('after one came to an empty service');
    },
  },
  {
    id: 'read.revision',
    proves: 'the revision goes up with each change, and with nothing else',
    async check(scene, demand) {
      await scene.put('a');
      const first = await scene.read();
      await scene.renew('a');
      await scene.put('x', 1, { service: 'other' });
      const same = await scene.read(first);
      demand(same.kind === 'same', 'nothing new', same);
      await scene.put('a', 2);
      const changed = await scene.read(first);
      demand(changed.revision > same.revision, 'a greater one after a change', changed);
      await scene.deregister('a', 2);
      const gone = await scene.read(changed);
      demand(gone.revision > changed.revision, 'a greater one after the last left', gone);
      await scene.put('a', 3);
      const back = await scene.read(gone);
      demand(back.revision > gone.revision, 'a greater one when it is back', back);
    },
  },
  {
    id: 'read.elsewhere',
    proves: 'a position of another life of the store is answered with all there is',
    async check(scene, demand) {
      await scene.put('a');
      const { revision } = await scene.read();
      const view = await scene.read({ epoch: 'of another store', revision });
      demand(view.kind === 'all' && view.instances.length === 1, 'all of it', view);
      demand(view.epoch !== 'of another store', 'its own epoch', view.epoch);
    },
  },
  {
    id: 'read.race',
    proves: 'of many changes at once none is missed',
    async check(scene, demand) {
      const copy = new Copy(scene);
      await copy.follow();
      const puts = Array.from({ length: 24 }, (_, at) => scene.put(`i${at}`));
      for (let looks = 0; looks < 5; looks++) await copy.follow();
      await Promise.all(puts);
      await copy.check('after all came');
      demand((await scene.there()).length === 24, '24 instances', (await scene.there()).length);
      const leaves = Array.from({ length: 12 }, (_, at) => scene.deregister(`i${2 * at}`, 1));
      for (let looks = 0; looks < 5; looks++) await copy.follow();
      await Promise.all(leaves);
      await copy.check('after half of them left');
    },
  },
];
