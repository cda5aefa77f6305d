import { LONG, type RegistrySceneLaw } from './registry-scene.js';

export const registeringLaws: readonly RegistrySceneLaw[] = [
  {
    id: 'register.read',
    proves: 'what was registered is read, all of it',
    async check(scene, demand) {
      const instance = scene.instance('a', { tags: ['blue', 'eu'], weight: 2.5, status: 'starting' });
      await scene.store.register(instance, 7, LONG);
      const [got] = await scene.there();
      const { preserved, incarnation, ...rest } = got!;
      for (const [name, value] of Object.entries(instance)) {
        const own = JSON.stringify(rest[name as keyof typeof rest]);
        demand(own === JSON.stringify(value), `${name} to be ${JSON.stringify(value)}`, own);
      }
      demand(incarnation === 7 && !preserved, 'the incarnation, and not to be preserved', got);
    },
  },
  {
    id: 'register.bare',
    proves: 'what an instance does not say stays unsaid',
    async check(scene, demand) {
      await scene.put('a', 1, { version: undefined, zone: undefined, tags: [], metadata: {}, weight: 0 });
      const [got] = await scene.there();
      const bare = got?.version === undefined && got?.zone === undefined && got?.weight === 0;
      demand(bare && got.tags.length === 0 && Object.keys(got.metadata).length === 0, 'nothing more', got);
    },
  },
  {
    id: 'register.repeat',
    proves: 'the same again changes nothing',
    async check(scene, demand) {
      await scene.put('a');
      const before = await scene.read();
      await scene.put('a');
      const view = await scene.read(before);
      demand(view.kind === 'same', 'nothing new', view);
    },
  },
  {
    id: 'register.later',
    proves: 'a later incarnation replaces the one that is there',
    async check(scene, demand) {
      await scene.put('a', 1);
      await scene.put('a', 2, { address: '10.0.0.2:9000', status: 'draining' });
      const [got, ...more] = await scene.there();
      demand(more.length === 0 && got?.incarnation === 2, 'one, the later', got);
      demand(got?.address === '10.0.0.2:9000' && got.status === 'draining', 'what it says', got);
    },
  },
  {
    id: 'register.stale',
    proves: 'an earlier incarnation is told of the one that is there',
    async check(scene, demand) {
      await scene.put('a', 5);
      const answer = await scene.store.register(scene.instance('a', { address: 'x:1' }), 4, LONG);
      demand(answer.kind === 'stale' && answer.incarnation === 5, 'stale, and 5', answer);
      const renewal = await scene.renew('a', 4);
      demand(renewal === 'stale', 'its heartbeat to be stale', renewal);
      const [got] = await scene.there();
      demand(got?.address !== 'x:1' && got?.incarnation === 5, 'the one that was there', got);
    },
  },
  {
    id: 'register.twin',
    proves: 'of two with the same incarnation the first has it',
    async check(scene, demand) {
      await scene.put('a', 5);
      const answer = await scene.store.register(scene.instance('a', { address: 'x:1' }), 5, LONG);
      demand(answer.kind === 'stale', 'the second to be stale', answer);
      const [got] = await scene.there();
      demand(got?.address !== 'x:1', 'the address of the first', got);
    },
  },
  {
    id: 'register.race',
    proves: 'of many that register one id at once the latest has it, whatever the order',
    async check(scene, demand) {
      const order = [3, 9, 1, 12, 5, 7, 2, 10, 4, 8, 11, 6];
      const all = order.map((incarnation, at) =>
        (at % 2 === 0 ? scene.store : scene.other).register(
          scene.instance('a', { address: `10.0.0.${incarnation}:80` }),
          incarnation,
          LONG,
        ),
      );
      await Promise.all(all);
      const [got, ...more] = await scene.there();
      demand(more.length === 0 && got?.incarnation === 12, 'the latest alone', got);
      demand(got?.address === '10.0.0.12:80', 'its address', got);
    },
  },
  {
    id: 'register.apart',
    proves: 'services and ids do not touch each other',
    async check(scene, demand) {
      const names = ['cart', 'cart-2', 'cart.x', 'car', 'Cart'];
      for (const service of names) await scene.put('a', 1, { service });
      for (const id of ['aa', 'a.b', 'a:b@c', 'A', 'a+b=c_d-e']) await scene.put(id);
      const services = await scene.other.services();
      demand(services.join() === [...names].sort().join(), 'all services, in order', services);
      await scene.expect('A a a+b=c_d-e a.b a:b@c aa', 'all ids');
      await scene.deregister('a', 1);
      demand((await scene.ids('cart-2')) === 'a', 'the other services to be as they were', 'cart-2');
      await scene.expect('A a+b=c_d-e a.b a:b@c aa', 'the others');
    },
  },
  {
    id: 'register.texts',
    proves: 'any text is kept',
    async check(scene, demand) {
      const metadata = {
        quote: `"'\\`,
        emoji: '💶',
        empty: '',
        space: ' a ',
        'x/y:z': 'ü',
        json: '{"a":[1]}',
      };
      await scene.put('a', 1, { metadata, tags: ['a b', 'ü', '"'], zone: 'eu west' });
      const [got] = await scene.there();
      demand(JSON.stringify(got?.tags) === '["a b","ü","\\""]' && got?.zone === 'eu west', 'the tags', got);
      for (const [name, value] of Object.entries(metadata)) {
        demand(got?.metadata[name] === value, `${name} to be ${value}`, got?.metadata[name]);
      }
    },
  },
];

export const leaseLaws: readonly RegistrySceneLaw[] = [
  {
    id: 'lease.end',
    proves: 'nobody finds an instance whose lease has ended, without anybody doing anything',
    async check(scene, demand) {
      await scene.putShort('a');
      await scene.put('b');
      const before = await scene.read();
      await scene.outlive();
      await scene.expect('b', 'only who has a lease');
      const view = await scene.read(before);
      demand(view.kind !== 'same' && view.revision > before.revision, 'a new revision', view);
    },
  },
  {
    id: 'lease.service',
    proves: 'a service whose last lease has ended is no service',
    async check(scene, demand) {
      await scene.putShort('a');
      await scene.outlive();
      const services = await scene.other.services();
      demand(services.length === 0, 'none', services);
    },
  },
  {
    id: 'lease.renew',
    proves: 'who renews in time stays, and nothing is told of it',
    async check(scene, demand) {
      // Well within the lease, for a machine may be slow, and for longer than it.
      const ttlMs = 4 * scene.shortMs;
      await scene.store.register(scene.instance('a'), 1, ttlMs);
      const before = await scene.read();
      for (let beat = 0; beat < 6; beat++) {
        await scene.advance(scene.shortMs);
        const answer = await scene.renew('a', 1, ttlMs);
        demand(answer === 'renewed', `beat ${beat} to be heard`, answer);
      }
      const view = await scene.read(before);
      demand(view.kind === 'same', 'no news', view);
    },
  },
  {
    id: 'lease.forgotten',
    proves: 'who comes too late is told to register again, and may',
    async check(scene, demand) {
      await scene.putShort('a');
      await scene.outlive();
      const answer = await scene.renew('a');
      demand(answer === 'unknown', 'unknown', answer);
      await scene.put('a');
      await scene.expect('a', 'it to be there again');
      const never = await scene.renew('nobody');
      demand(never === 'unknown', 'who never was there to be unknown', never);
    },
  },
  {
    id: 'lease.later',
    proves: 'who replaced an instance has a lease of its own',
    async check(scene) {
      await scene.putShort('a', 1);
      await scene.put('a', 2);
      await scene.outlive();
      await scene.expect('a', 'the later one to live on');
    },
  },
];

export const leavingLaws: readonly RegistrySceneLaw[] = [
  {
    id: 'leave.gone',
    proves: 'who has left is gone at once',
    async check(scene, demand) {
      await scene.put('a');
      await scene.put('b');
      const before = await scene.read();
      const answer = await scene.deregister('a', 1);
      demand(answer === 'removed', 'removed', answer);
      await scene.expect('b', 'the other one');
      const view = await scene.read(before);
      demand(view.revision > before.revision, 'a new revision', view);
      const again = await scene.deregister('a', 1);
      demand(again === 'unknown', 'unknown the second time', again);
    },
  },
  {
    id: 'leave.stale',
    proves: 'a late heartbeat, or a late registration, does not bring back who has left',
    async check(scene, demand) {
      await scene.put('a', 3);
      await scene.deregister('a', 3);
      const beats = [await scene.renew('a', 3), await scene.renew('a', 2)];
      demand(beats.join() === 'stale,stale', 'heartbeats to be stale', beats);
      for (const incarnation of [3, 2]) {
        const late = await scene.store.register(scene.instance('a'), incarnation, LONG);
        demand(late.kind === 'stale' && late.incarnation === 3, 'a late registration to be stale', late);
      }
      await scene.expect('', 'nobody');
      await scene.put('a', 4);
      await scene.expect('a', 'who begins anew');
    },
  },
  {
    id: 'leave.overtaken',
    proves: 'who leaves before the registration arrives has left',
    async check(scene, demand) {
      const answer = await scene.deregister('a', 3);
      demand(answer === 'unknown', 'unknown', answer);
      const late = await scene.store.register(scene.instance('a'), 3, LONG);
      demand(late.kind === 'stale', 'the registration to be stale', late);
      await scene.expect('', 'nobody');
    },
  },
  {
    id: 'leave.successor',
    proves: 'a slow one does not take its successor along',
    async check(scene, demand) {
      await scene.put('a', 1);
      await scene.put('a', 2);
      const answer = await scene.deregister('a', 1);
      demand(answer === 'stale', 'stale', answer);
      await scene.expect('a', 'the successor');
      const renewal = await scene.renew('a', 2);
      demand(renewal === 'renewed', 'its heartbeat to be heard', renewal);
    },
  },
  {
    id: 'leave.operator',
    proves: 'who is taken out by somebody else does not come back by itself',
    async check(scene, demand) {
      await scene.put('a', 6);
      const answer = await scene.deregister('a', undefined);
      const none = await scene.deregister('nobody', undefined);
      demand(answer === 'removed' && none === 'unknown', 'removed, and unknown', [answer, none]);
      const renewal = await scene.renew('a', 6);
      demand(renewal === 'stale', 'its heartbeat to be stale', renewal);
      await scene.expect('', 'nobody');
    },
  },
];
