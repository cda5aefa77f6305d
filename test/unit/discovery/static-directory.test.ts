import { describe, expect, it, onTestFinished } from 'vitest';
import { ServiceWatcher } from '../../../src/discovery/service-watcher.js';
import { StaticDirectory } from '../../../src/discovery/static-directory.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const cart = { service: 'cart', address: 'http://10.0.0.5:8080' };
const two = { ...cart, id: 'two', address: '[::1]:80' };

describe('a list in the place of a registry', () => {
  it('answers as a registry does', async () => {
    const directory = new StaticDirectory([cart, { ...two, version: '1.2.0' }, { ...cart, service: 'shop' }]);
    expect(await directory.services()).toEqual(['cart', 'shop']);
    const found = await directory.instances('cart');
    expect(found.map(({ id, weight, preserved }) => [id, weight, preserved])).toEqual([
      ['10.0.0.5:8080', 1, false],
      ['two', 1, false],
    ]);
    const ranged = await directory.instances({ service: 'cart', version: '^1.0.0' });
    expect(ranged.map(({ id }) => id)).toEqual(['two']);
    expect(await directory.instances('nobody')).toEqual([]);
    await directory.close();
    await expect(directory.instances('cart')).rejects.toMatchObject({ code: 'ERR_REGISTRY_CLOSED' });
  });

  it('names one without an id by its address, whatever that looks like', async () => {
    const addresses = ['10.0.0.5:80', 'https://shop.example', '[::1]:80', '[2001:db8::7]:80'];
    const directory = new StaticDirectory(addresses.map(address => ({ service: 'cart', address })));
    const ids = (await directory.instances('cart')).map(({ id }) => id);
    expect(ids).toEqual(['10.0.0.5:80', 'shop.example', 'v6-1:80', '2001:db8::7:80']);
  });

  it('tells watchers of what has changed, and of nothing else', async () => {
    const clock = new VirtualClock();
    const directory = new StaticDirectory([cart, two], { clock });
    onTestFinished(() => directory.close());
    const heard: string[] = [];
    directory.watch('cart', ({ added, changed, removed, previous, revision }) => {
      const ids = (list: readonly { readonly id: string }[]) => list.map(({ id }) => id).join();
      heard.push(
        `+${ids(added)} ~${ids(changed)} -${ids(removed)} ${previous === undefined || revision > previous}`,
      );
    });
    await clock.advance(1);
    directory.update([cart, two]);
    directory.update([cart, two, { ...cart, service: 'shop' }]);
    await clock.advance(1);
    directory.update([{ ...cart, weight: 2 }]);
    await clock.advance(1);
    directory.update([]);
    await clock.advance(1);
    expect(heard).toEqual([
      '+10.0.0.5:8080,two ~ - true',
      '+ ~10.0.0.5:8080 -two true',
      '+ ~ -10.0.0.5:8080 true',
    ]);
    expect(await directory.services()).toEqual([]);
  });

  it('serves a watcher', async () => {
    const directory = new StaticDirectory([cart]);
    const watcher = new ServiceWatcher({ registry: directory, service: 'cart' });
    await watcher.ready;
    expect(watcher.usable().length).toBe(1);
    watcher.close();
    await directory[Symbol.asyncDispose]();
  });

  it.each([
    ['a list of instances', 'cart', {}],
    ['`address` must be', [{ service: 'cart', address: 'http://user:pw@evil' }], {}],
    ['`service` must be', [{ service: '', address: 'a:1' }], {}],
    ['two instances are called cart/10.0.0.5:8080', [cart, cart], {}],
    ['at most 1 may be there', [cart, two], { maxInstances: 1 }],
    [
      '`metadata` must be of at most 3 bytes',
      [{ ...cart, metadata: { a: 'long' } }],
      { maxMetadataBytes: 3 },
    ],
    ['`maxInstances` must be', [], { maxInstances: 0 }],
    ['`maxMetadataBytes` must be', [], { maxMetadataBytes: -1 }],
    ['`maxWatches` must be', [], { maxWatches: 0 }],
    ['unknown option `pollMs`', [], { pollMs: 7 }],
  ])('refuses what is wrong: %s', (words, list, options) => {
    expect(() => new StaticDirectory(list as never, options as object)).toThrow(words);
  });

  it('keeps what it has when it is given what is wrong', async () => {
    const directory = new StaticDirectory([cart]);
    expect(() => directory.update([two, { ...two, address: '' }])).toThrow();
    expect((await directory.instances('cart')).map(({ address }) => address)).toEqual([cart.address]);
    expect(StaticDirectory.defaults.maxInstances).toBe(100_000);
    await directory.close();
  });
});
