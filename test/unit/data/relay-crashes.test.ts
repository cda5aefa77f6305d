import { describe, expect, it } from 'vitest';
import { OutboxRelay } from '../../../src/data/outbox-relay.js';
import { relayScene } from './relay-scene.js';

describe('what may have ended a relay', () => {
  /** A program whose relay a message ends: it falls silent, and another one starts. */
  async function living(poison: string) {
    const scene = relayScene(({ data }) => {
      const { id, n } = data as { id: string; n: number };
      if (`${id}.${n}` === poison) {
        deaths++;
        const dying = current;
        current = undefined;
        // What is dead does nothing more: neither the store nor the bus hears of it.
        if (dying !== undefined) dead.add(dying);
        return new Promise(() => {});
      }
      return undefined;
    });
    const { clock, store } = scene;
    const dead = new Set<object>();
    let deaths = 0;
    let current: object | undefined;
    const start = async (): Promise<void> => {
      const self = {};
      current = self;
      const never = new Promise<never>(() => {});
      const port = new Proxy(store, {
        get: (target, name) => {
          const method = Reflect.get(target, name) as unknown;
          if (typeof method !== 'function') return method;
          return (...given: unknown[]) => (dead.has(self) ? never : Reflect.apply(method, target, given));
        },
      });
      const bus = {
        publish: (...given: Parameters<typeof scene.bus.publish>) =>
          dead.has(self) ? never : scene.bus.publish(...given),
      };
      await new OutboxRelay({ store: port, bus, clock, random: () => 0.5 }).start();
    };
    /** Lets time pass; whenever the program has died, it is started again a second later. */
    const pass = async (ms: number): Promise<void> => {
      for (let gone = 0; gone < ms; gone += 1_000) {
        if (current === undefined) await start();
        await clock.advance(1_000);
      }
    };
    return { ...scene, pass, deaths: () => deaths };
  }

  it('is tried alone, and its key parked after the third time, with no other harmed', async () => {
    const { publish, pass, through, deaths, outbox } = await living('a.2');
    const others = Array.from({ length: 20 }, (_, n) => `k${n}.1`);
    await publish('a.1', ...others.slice(0, 10), 'a.2', 'a.3', ...others.slice(10));
    await pass(300_000);
    expect(deaths()).toBe(3);
    expect(await outbox.parked()).toMatchObject([{ key: 'a', reason: 'crashed', crashes: 3 }]);
    expect(new Set(through)).toEqual(new Set(['a.1', ...others]));
    expect(await outbox.lag()).toMatchObject({ messages: 2, parked: 2 });
    await publish('k1.2', 'a.4');
    await pass(5_000);
    expect(through).toContain('k1.2');
    expect(through).not.toContain('a.4');
  });

  it('is trusted again when it went through', async () => {
    const { publish, pass, through, deaths, clock } = await living('b.1');
    await publish('a.1', 'b.1', 'c.1');
    await pass(40_000);
    expect(deaths()).toBeGreaterThan(0);
    await pass(300_000);
    await publish('a.2', 'a.3', 'c.2');
    const before = clock.now();
    await pass(2_000);
    expect(through).toEqual(expect.arrayContaining(['a.2', 'a.3', 'c.2']));
    expect(clock.now() - before).toBeLessThan(5_000);
  });
});
