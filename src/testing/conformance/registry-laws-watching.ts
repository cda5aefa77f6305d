import type { ServiceChange } from '../../discovery/service-registry.js';
import type { RegistryScene, RegistrySceneLaw } from './registry-scene.js';

/** Reads along, and holds what it hears against what must be true of it. */
class Follower {
  readonly #scene: RegistryScene;
  readonly heard: ServiceChange[] = [];
  readonly #there = new Map<string, number>();
  ids = '';
  /** What was wrong with a change: a watch reports what its listener throws, and goes on. */
  #wrong: { readonly error: unknown } | undefined;

  constructor(scene: RegistryScene) {
    this.#scene = scene;
  }

  readonly hear = (change: ServiceChange): void => {
    try {
      this.#check(change);
    } catch (error) {
      this.#wrong ??= { error };
    }
  };

  #check(change: ServiceChange): void {
    const { demand } = this.#scene;
    const last = this.heard.at(-1);
    this.heard.push(change);
    demand(change.previous === last?.revision, 'no gap between two changes', change);
    const grows = last === undefined || change.resync || change.revision > last.revision;
    demand(grows, 'a greater revision', [last?.revision, change.revision]);
    for (const { id, incarnation } of change.added) {
      demand(!this.#there.has(id), `${id} to be new`, change);
      this.#there.set(id, incarnation);
    }
    for (const { id, incarnation } of change.changed) {
      demand(this.#there.has(id), `${id} to be known`, change);
      this.#there.set(id, incarnation);
    }
    for (const { id } of change.removed) demand(this.#there.delete(id), `${id} to be known`, change);
    const words = change.instances.map(({ id, incarnation }) => `${id}${incarnation}`).sort();
    const own = [...this.#there].map(([id, incarnation]) => `${id}${incarnation}`).sort();
    demand(words.join() === own.join(), 'what changed to lead to what is there', change);
    this.ids = change.instances
      .map(({ id }) => id)
      .sort()
      .join(' ');
  }

  async until(ids: string): Promise<void> {
    const holds = (): boolean => {
      if (this.#wrong !== undefined) throw this.#wrong.error;
      return this.heard.length > 0 && this.ids === ids;
    };
    await this.#scene.until(holds, `a watcher to hear of "${ids}"`, () => this.ids);
  }
}

export const watchingLaws: readonly RegistrySceneLaw[] = [
  {
    id: 'watch.chain',
    proves: 'a watcher hears of all that another process does, without a gap',
    async check(scene) {
      await scene.put('a');
      const follower = new Follower(scene);
      scene.registry(scene.other).watch('cart', follower.hear);
      await follower.until('a');
      await scene.put('b');
      await follower.until('a b');
      await scene.put('b', 2, { status: 'draining' });
      const statusOf = () => follower.heard.at(-1)?.instances.find(({ id }) => id === 'b')?.status;
      await scene.until(() => statusOf() === 'draining', 'the change of b', statusOf);
      await scene.deregister('a', 1);
      await follower.until('b');
      await scene.deregister('b', 2);
      await follower.until('');
      await scene.put('c');
      await follower.until('c');
    },
  },
  {
    id: 'watch.expiry',
    proves: 'a watcher hears of the end of a lease',
    async check(scene) {
      await scene.put('b');
      const follower = new Follower(scene);
      scene.registry(scene.other).watch('cart', follower.hear);
      await scene.store.register(scene.instance('a'), 1, 4 * scene.shortMs);
      await follower.until('a b');
      for (let part = 0; part < 4; part++) await scene.outlive();
      await follower.until('b');
    },
  },
  {
    id: 'watch.busy',
    proves: 'watchers that throw, or take their time, are felt by no other',
    async check(scene, demand) {
      const registry = scene.registry(scene.other);
      const follower = new Follower(scene);
      const late = new Follower(scene);
      let release = (): void => {};
      registry.watch('cart', change => {
        late.hear(change);
        return new Promise<void>(resolve => {
          release = resolve;
        });
      });
      registry.watch('cart', follower.hear);
      await follower.until('');
      await scene.put('a');
      await follower.until('a');
      await scene.put('b');
      await follower.until('a b');
      await scene.deregister('a', 1);
      await follower.until('b');
      demand(late.heard.length === 1, 'the slow one to be asked once', late.heard.length);
      release();
      await late.until('b');
      demand(late.heard.length === 2, 'it to hear of the rest at once', late.heard.length);
    },
  },
  {
    id: 'watch.read',
    proves: 'a watch can be read, and ended',
    async check(scene, demand) {
      await scene.put('a');
      const watch = scene.registry(scene.other).watch('cart');
      const first = await watch.next();
      const ids = first.value?.instances.map(({ id }) => id).join();
      demand(first.done !== true && ids === 'a', 'all that is there', first);
      const next = watch.next();
      await scene.put('b');
      let heard: IteratorResult<ServiceChange, undefined> | undefined;
      void next.then(result => {
        heard = result;
      });
      await scene.until(
        () => heard !== undefined,
        'the next change',
        () => heard,
      );
      demand(heard?.value?.added[0]?.id === 'b', 'b to be added', heard);
      watch.close();
      const end = await watch.next();
      demand(end.done === true, 'its end', end);
    },
  },
];

export const registrationLaws: readonly RegistrySceneLaw[] = [
  {
    id: 'registration.beats',
    proves: 'an instance stays for as long as its registration does, by itself',
    async check(scene, demand) {
      const { service, id, address } = scene.instance('a');
      const ttlMs = 4 * scene.shortMs;
      const registration = scene.registry().register({ service, id, address }, { ttlMs, drainMs: 0 });
      const follower = new Follower(scene);
      scene.registry(scene.other).watch('cart', follower.hear);
      await follower.until('a');
      for (let part = 0; part < 8; part++) await scene.outlive();
      await scene.expect('a', 'it to be there');
      demand(registration.state === 'registered', 'registered', registration.state);
      demand(!follower.heard.some(({ removed }) => removed.length > 0), 'it never to be gone', 'gone');
    },
  },
  {
    id: 'registration.close',
    proves: 'who closes is draining first, and then gone',
    async check(scene, demand) {
      const { service, id, address } = scene.instance('a');
      const registration = scene.registry().register({ service, id, address });
      const follower = new Follower(scene);
      scene.registry(scene.other).watch('cart', follower.hear);
      await follower.until('a');
      void registration.close({ drainMs: 2 * scene.shortMs });
      const draining = () => follower.heard.at(-1)?.instances[0]?.status === 'draining';
      await scene.until(draining, 'it to be draining', () => follower.heard.at(-1)?.instances);
      await follower.until('');
      await scene.until(
        () => registration.state === 'closed',
        'closed',
        () => registration.state,
      );
      const renewal = await scene.renew('a', registration.incarnation);
      demand(renewal === 'stale', 'a late heartbeat to be stale', renewal);
    },
  },
  {
    id: 'registration.successor',
    proves: 'a process that comes under the same id replaces the one before, which then is silent',
    async check(scene, demand) {
      const { service } = scene.instance('a');
      const options = { ttlMs: 20 * scene.shortMs, heartbeatMs: scene.shortMs, drainMs: 0 };
      const before = scene.registry().register({ service, id: 'a', address: 'old:1' }, options);
      await scene.until(
        () => before.state === 'registered',
        'the first',
        () => before.state,
      );
      const after = scene.registry(scene.other).register({ service, id: 'a', address: 'new:1' }, options);
      await scene.until(
        () => before.state === 'superseded',
        'the first to know',
        () => before.state,
      );
      demand(after.state === 'registered', 'the second to be registered', after.state);
      await scene.outlive();
      const [got] = await scene.there();
      demand(got?.address === 'new:1', 'the address of the second', got);
      await before.close();
      await scene.expect('a', 'the second to be there after the first has closed');
    },
  },
];
