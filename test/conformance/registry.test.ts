import { describe, expect, it } from 'vitest';
import { MemoryRegistryStore } from '../../src/discovery/memory-registry-store.js';
import type { RegistryStore } from '../../src/discovery/registry-store.js';
import { registryLaws } from '../../src/testing/conformance/registry-laws.js';
import { checkLaws } from '../../src/testing/law.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';

const rules = {
  ...{ preserveRatio: 0.5, preserveFrom: 5, preserveWindowMs: 60_000, preserveMs: 300_000, suspendMs: 2_000 },
  ...{ tombstoneMs: 600_000, maxLeases: 1_000, maxTombstones: 1_000, maxChanges: 1_000 },
};

type Sound = RegistryStore & Pick<MemoryRegistryStore, 'table'>;
type Broken = (sound: Sound, clock: VirtualClock) => Partial<RegistryStore>;

function inMemory(broken: Broken = () => ({})) {
  return () => {
    const clock = new VirtualClock();
    const sound = new MemoryRegistryStore(rules, clock);
    const wrong = broken(sound, clock) as Readonly<Record<PropertyKey, unknown>>;
    const store = new Proxy<RegistryStore>(sound, {
      get: (_, name) => {
        const own = wrong[name] ?? sound[name as keyof MemoryRegistryStore];
        return typeof own === 'function' ? own.bind(sound) : own;
      },
    });
    const close = () => sound.close();
    return { store, clock, advance: (ms: number) => clock.advance(ms), close };
  };
}

describe('the registry in memory keeps the law', () => {
  for (const { name, check } of registryLaws(inMemory())) it(name, check);
});

/** The store as it was when it was looked at first. */
const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
};

const keyOf = ({ service, id }: { readonly service: string; readonly id: string }) => `${service}/${id}`;

const broken: readonly (readonly [string, Broken, readonly string[]])[] = [
  [
    'keeps half of an instance',
    sound => ({
      register: (instance, ...rest) =>
        sound.register({ ...instance, tags: [], metadata: {}, zone: 'z' }, ...rest),
    }),
    ['register.read', 'register.bare', 'register.texts'],
  ],
  [
    'takes whatever comes last',
    sound => {
      const last = new Map<string, number>();
      return {
        register: async (instance, incarnation, ttlMs) => {
          const next = Math.max(incarnation, (last.get(keyOf(instance)) ?? 0) + 1);
          last.set(keyOf(instance), next);
          return sound.register(instance, next, ttlMs);
        },
      };
    },
    ['register.repeat', 'register.stale', 'register.twin', 'register.race', 'leave.stale'],
  ],
  [
    'gives an id to who has it, for good',
    sound => {
      const first = new Map<string, number>();
      return {
        register: async (instance, incarnation, ttlMs) => {
          const known = first.get(keyOf(instance)) ?? incarnation;
          first.set(keyOf(instance), known);
          return known === incarnation
            ? sound.register(instance, incarnation, ttlMs)
            : { kind: 'stale', incarnation: known };
        },
      };
    },
    ['register.later', 'register.race', 'lease.later', 'read.copy'],
  ],
  [
    'takes services that begin alike for one',
    sound => ({ services: async () => (await sound.services()).map(name => name.slice(0, 4)) }),
    ['register.apart'],
  ],
  [
    'lets leases end only when somebody renews',
    sound => {
      const views = new Map<string, () => ReturnType<RegistryStore['read']>>();
      return {
        register: async (...args) => {
          const answer = await sound.register(...args);
          views.clear();
          return answer;
        },
        read: (service, since) => {
          const kept = views.get(service) ?? once(() => sound.read(service, undefined));
          views.set(service, kept);
          return since === undefined ? kept() : sound.read(service, since);
        },
      };
    },
    ['lease.end', 'leave.gone'],
  ],
  [
    'forgets who has left',
    sound => ({
      deregister: async (key, incarnation) => {
        const view = await sound.read(key.service, undefined);
        const there = view.kind === 'all' && view.instances.find(({ id }) => id === key.id);
        if (!there) return 'unknown';
        // Out of the table without a word of it.
        const answer = await sound.deregister(key, incarnation);
        (sound.table as unknown as { register(order: object, now: number): void }).register(
          {
            ...{ group: key.service, id: key.id, ttlMs: 1 },
            ...{ incarnation: there.incarnation + 1, value: there },
          },
          -1e9,
        );
        return answer;
      },
    }),
    ['leave.stale', 'leave.overtaken', 'leave.gone'],
  ],
  [
    'lets anybody take anybody out',
    sound => ({ deregister: key => sound.deregister(key, undefined) }),
    ['leave.successor', 'leave.overtaken'],
  ],
  [
    'renews whoever asks',
    sound => ({
      renew: async (...args) => {
        await sound.renew(...args);
        return 'renewed';
      },
    }),
    ['register.stale', 'lease.forgotten', 'leave.stale', 'leave.operator', 'registration.successor'],
  ],
  ['renews nobody', () => ({ renew: async () => 'renewed' }), ['lease.renew', 'registration.close']],
  [
    'shows what is written meanwhile as it was and as it is',
    sound => {
      let renewals = 0;
      return {
        renew: async (...args) => {
          renewals++;
          await Promise.resolve();
          return sound.renew(...args).finally(() => renewals--);
        },
        read: async (...args) => {
          const view = await sound.read(...args);
          const isTwice = renewals > 0 && view.kind === 'all';
          return isTwice ? { ...view, instances: [...view.instances, ...view.instances] } : view;
        },
      };
    },
    ['read.renewed'],
  ],
  [
    'tells of each heartbeat',
    sound => {
      let beats = 0;
      return {
        renew: (...args) => {
          beats++;
          return sound.renew(...args);
        },
        read: async (service, since) => {
          const view = await sound.read(service, since && { ...since, revision: since.revision - beats });
          return { ...view, revision: view.revision + beats };
        },
      };
    },
    ['lease.renew', 'read.revision'],
  ],
  [
    'tells only who has come, not who has gone',
    sound => ({
      read: async (...args) => {
        const view = await sound.read(...args);
        return view.kind === 'changes' ? { ...view, removed: [] } : view;
      },
    }),
    ['read.copy', 'read.race', 'watch.chain', 'watch.expiry'],
  ],
  [
    'begins its revisions anew for a service that was empty',
    sound => ({
      read: async (service, since) => {
        const view = await sound.read(service, since);
        const all = await sound.read(service, undefined);
        return all.kind === 'all' && all.instances.length === 0 ? { ...view, revision: 0 } : view;
      },
    }),
    ['read.revision'],
  ],
  [
    'believes any position',
    sound => ({
      read: async (service, since) => {
        const { epoch } = await sound.read(service, undefined);
        return sound.read(service, since && { ...since, epoch });
      },
    }),
    ['read.elsewhere'],
  ],
  [
    'knows a service nobody registered',
    sound => ({ services: async () => [...(await sound.services()), 'zoo'] }),
    ['read.nothing', 'lease.service'],
  ],
  [
    'has no position',
    sound => ({ read: async (...args) => ({ ...(await sound.read(...args)), revision: NaN }) }),
    ['read.nothing'],
  ],
  [
    'looks for changes once a day',
    () => ({ pollMs: 86_400_000, follow: () => () => {} }),
    ['watch.chain', 'watch.expiry', 'watch.busy', 'watch.read', 'registration.close'],
  ],
  [
    'forgets an instance after a while',
    (sound, clock) => ({
      renew: async (key, incarnation, ttlMs) => {
        if (clock.now() > 300) await sound.deregister(key, incarnation);
        return sound.renew(key, incarnation, ttlMs);
      },
    }),
    ['registration.beats', 'lease.renew'],
  ],
];

async function lawsBrokenBy(wrong: Broken): Promise<readonly string[]> {
  const failure = await checkLaws(registryLaws(inMemory(wrong))).catch((error: unknown) => error);
  const { errors } = failure as AggregateError;
  return errors.map(error => (error as Error).message.split(':')[0]!);
}

describe('a store of instances breaks the laws that it should if it', () => {
  const found = new Map<string, Promise<readonly string[]>>();
  const brokenBy = (name: string, wrong: Broken): Promise<readonly string[]> => {
    const known = found.get(name) ?? lawsBrokenBy(wrong);
    found.set(name, known);
    return known;
  };

  it.each(broken)('%s', async (name, wrong, ids) => {
    expect(await brokenBy(name, wrong)).toEqual(expect.arrayContaining([...ids]));
  });

  it('is one of those that are wrong here: so each law can be broken', async () => {
    const ids = registryLaws(inMemory()).map(({ id }) => id);
    const all = await Promise.all(broken.map(([name, wrong]) => brokenBy(name, wrong)));
    expect(ids.filter(id => !all.flat().includes(id))).toEqual([]);
  });
});
