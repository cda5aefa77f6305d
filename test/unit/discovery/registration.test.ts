import { describe, expect, it } from 'vitest';
import type { RegisterAnswer, RegistryStore } from '../../../src/discovery/registry-store.js';
import type { RegistrationState } from '../../../src/discovery/service-registry.js';
import { StoredRegistry } from '../../../src/discovery/stored-registry.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

/** A store that answers as it is told to, and writes down what it was asked. */
class Scripted implements RegistryStore {
  readonly pollMs = Infinity;
  readonly clock = new VirtualClock();
  readonly asked: string[] = [];
  down = false;
  hangs = false;
  known = true;
  stale = false;
  answer: RegisterAnswer = { kind: 'registered' };

  async register(instance: { readonly id: string; status: string }, incarnation: number) {
    await this.#ask(`register ${incarnation} ${instance.status}`);
    this.known = this.answer.kind === 'registered';
    return this.answer;
  }

  async renew(_: unknown, incarnation: number) {
    await this.#ask(`renew ${incarnation}`);
    return this.stale ? ('stale' as const) : this.known ? ('renewed' as const) : ('unknown' as const);
  }

  async deregister(_: unknown, incarnation: number | undefined) {
    await this.#ask(`deregister ${incarnation}`);
    return 'removed' as const;
  }

  async read() {
    return { kind: 'all' as const, epoch: 'e', revision: 0, instances: [] };
  }

  async services() {
    return [];
  }

  async #ask(what: string): Promise<void> {
    this.asked.push(`${this.clock.now()} ${what}`);
    if (this.hangs) await new Promise(() => {});
    if (this.down) throw new Error('no route');
  }
}

const sceneOf = (random = () => 0) => {
  const store = new Scripted();
  const { clock } = store;
  const registry = new StoredRegistry(store, { clock, random });
  const register = (options: object = {}) => {
    const registration = registry.register(
      { service: 'cart', id: 'a', address: 'a:1' },
      { ttlMs: 3_000, incarnation: 7, jitterRatio: 0.5, drainMs: 0, ...options },
    );
    const told: string[] = [];
    for (const event of ['registered', 'failed', 'lost', 'superseded'] as const) {
      registration.on(event, () => told.push(`${clock.now()} ${event}`));
    }
    return { registration, told };
  };
  return { store, clock, registry, register };
};

const stateOf = ({ state }: { readonly state: RegistrationState }) => state;

describe('a registration', () => {
  it('says at a third of the lease that it is there, with jitter that is drawn each time', async () => {
    const draws = [0, 1, 0.5, 0];
    const { store, clock, register } = sceneOf(() => draws.shift() ?? 0);
    const { registration } = register();
    await registration.ready;
    await clock.advance(3_300);
    const expected = ['0 register 7 up', '1000 renew 7', '1500 renew 7', '2250 renew 7', '3250 renew 7'];
    expect(store.asked).toEqual(expected);
  });

  it('is registered again when it was forgotten, however long that takes', async () => {
    const { store, clock, register } = sceneOf();
    const { registration, told } = register();
    await registration.ready;
    store.known = false;
    await clock.advance(1_000);
    expect(store.asked.slice(-2)).toEqual(['1000 renew 7', '1000 register 7 up']);
    store.down = true;
    await clock.advance(3_600_000);
    expect(stateOf(registration)).toBe('lost');
    store.down = false;
    store.known = false;
    await clock.advance(1_000);
    expect(stateOf(registration)).toBe('registered');
    expect(told.filter(event => /registered|lost/.test(event)).length).toBe(4);
  });

  it('knows that it is lost when its lease ends, and asks soon and ever again', async () => {
    const { store, clock, register } = sceneOf();
    const { registration, told } = register();
    await registration.ready;
    store.down = true;
    await clock.advance(2_999);
    expect(stateOf(registration)).toBe('registered');
    await clock.advance(1);
    expect([stateOf(registration), told.at(-1)]).toEqual(['lost', '3000 lost']);
    const times = store.asked.slice(1).map(each => Number(each.split(' ')[0]));
    expect(times).toEqual([1_000, 1_050, 1_150, 1_350, 1_750, 2_250, 2_750]);
  });

  it('does not wait for an answer for longer than until the next heartbeat', async () => {
    const { store, clock, register } = sceneOf();
    const { registration, told } = register();
    await registration.ready;
    store.hangs = true;
    await clock.advance(2_000);
    expect(told.at(-1)).toBe('2000 failed');
    store.hangs = false;
    await clock.advance(50);
    expect([stateOf(registration), store.asked.at(-1)]).toEqual(['registered', '2050 renew 7']);
  });

  it('begins though the registry is away, and is ready when it is back', async () => {
    const { store, clock, register } = sceneOf();
    store.down = true;
    const { registration } = register();
    await clock.advance(60_000);
    expect(stateOf(registration)).toBe('registering');
    store.down = false;
    await clock.advance(1_000);
    await registration.ready;
    expect(stateOf(registration)).toBe('registered');
  });

  it('takes over from whoever had its id, unless it was told which life it is', async () => {
    const { store, clock, register } = sceneOf();
    store.answer = { kind: 'stale', incarnation: 5e15 };
    const told = register({ incarnation: undefined });
    const given = register();
    await clock.advance(0);
    await expect(given.registration.ready).rejects.toMatchObject({ code: 'ERR_SUPERSEDED', instance: 'a' });
    expect(store.asked.filter(each => each === '0 register 5000000000000001 up').length).toBe(1);
    store.answer = { kind: 'registered' };
    // It has asked ten times by now, and gives up.
    await expect(told.registration.ready).rejects.toMatchObject({ code: 'ERR_SUPERSEDED' });
    const { registration } = register({ incarnation: undefined });
    await registration.ready;
    expect(registration.incarnation).toBe(clock.wall());
  });

  it('falls silent when another one has its id', async () => {
    const { store, clock, register } = sceneOf();
    const { registration, told } = register();
    await registration.ready;
    store.stale = true;
    await clock.advance(1_000);
    expect([stateOf(registration), told.at(-1)]).toEqual(['superseded', '1000 superseded']);
    const asked = store.asked.length;
    await clock.advance(60_000);
    await registration.close();
    expect([store.asked.length, stateOf(registration)]).toEqual([asked, 'closed']);
  });

  it('makes a greater incarnation of each change, and waits until the registry knows it', async () => {
    const { store, clock, register } = sceneOf();
    const { registration } = register();
    await registration.ready;
    store.down = true;
    const updates = [registration.update({ weight: 2 }), registration.drain()];
    await clock.advance(40);
    store.down = false;
    await clock.advance(100);
    await Promise.all(updates);
    expect(store.asked.at(-1)).toMatch(/ register 9 draining$/);
    expect(registration.instance).toMatchObject({ weight: 2, status: 'draining', id: 'a' });
    expect(() => registration.update({ weight: -1 })).toThrow('`weight` must be');
  });

  it('drains, waits, leaves, and has no timer then', async () => {
    const { store, clock, register } = sceneOf();
    const { registration } = register({ drainMs: 5_000 });
    await registration.ready;
    const closing = registration.close();
    expect(registration.close({ drainMs: 1 })).toBe(closing);
    await clock.advance(4_999);
    expect([store.asked[1], stateOf(registration)]).toEqual(['0 register 8 draining', 'closing']);
    await clock.advance(1);
    await closing;
    expect([store.asked.at(-1), stateOf(registration), clock.timers]).toEqual([
      ...['5000 deregister 8', 'closed', 0],
    ]);
    await expect(registration.update({})).rejects.toMatchObject({ code: 'ERR_REGISTRY_CLOSED' });
  });

  it('asks for a while to be taken out, and then leaves it to the lease', async () => {
    const { store, clock, register } = sceneOf();
    const { registration } = register();
    await registration.ready;
    store.down = true;
    const closing = registration.close();
    await clock.advance(10_000);
    await closing;
    const asked = store.asked.filter(each => each.includes('deregister')).length;
    expect([stateOf(registration), clock.timers]).toEqual(['closed', 0]);
    expect(asked).toBeGreaterThan(5);
  });

  it('leaves though it never heard that it was there', async () => {
    const { store, clock, register } = sceneOf();
    store.hangs = true;
    const { registration } = register({ drainMs: 5_000 });
    await clock.advance(1);
    store.hangs = false;
    await registration.close();
    expect(store.asked.at(-1)).toBe('1 deregister 7');
    await expect(registration.ready).rejects.toMatchObject({ code: 'ERR_REGISTRY_CLOSED' });
  });

  it('is disposed of by leaving its block', async () => {
    const { registry, store } = sceneOf();
    {
      await using registration = registry.register(
        { service: 'cart', address: 'a:1' },
        { drainMs: 0, incarnation: 1 },
      );
      await registration.ready;
      expect(registration.instance.id).toMatch(/^[0-9a-f-]{36}$/);
    }
    expect(store.asked.at(-1)).toBe('0 deregister 1');
  });

  it.each<[string, unknown]>([
    ['ttlMs', 9],
    ['heartbeatMs', 15_001],
    ['heartbeatMs', 0],
    ['jitterRatio', 1],
    ['drainMs', -1],
    ['incarnation', 1.5],
  ])('refuses a wrong %s: %s', (option, value) => {
    const { registry } = sceneOf();
    const register = () =>
      registry.register({ service: 'cart', address: 'a:1' }, { [option]: value } as object);
    expect(register).toThrow(`register: \`${option}\` must be`);
  });
});
