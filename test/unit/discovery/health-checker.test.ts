import { describe, expect, it, onTestFinished } from 'vitest';
import { Balancer } from '../../../src/discovery/balancer.js';
import { HealthChecker } from '../../../src/discovery/health-checker.js';
import type { HealthCheckerOptions } from '../../../src/discovery/health-options.js';
import { InMemoryRegistry } from '../../../src/discovery/in-memory-registry.js';
import { OutlierDetector } from '../../../src/discovery/outlier-detector.js';
import { ServiceWatcher } from '../../../src/discovery/service-watcher.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const instances = ['a', 'b', 'c'].map(id => ({ id, address: `${id}.example:80` }));

function setUp(changes: Partial<HealthCheckerOptions> = {}) {
  const clock = new VirtualClock();
  const sick = new Set<string>();
  const asked: string[] = [];
  const check = ({ id }: { readonly id: string }) => {
    asked.push(id);
    if (sick.has(id)) throw new Error(`${id} is sick`);
  };
  const options = { check, instances, intervalMs: 100, timeoutMs: 20, jitterRatio: 0, clock };
  const health = new HealthChecker({ ...options, ...changes });
  onTestFinished(() => health.close());
  return { clock, sick, asked, health };
}

describe('a health checker', () => {
  it('asks all again and again, and says who has failed and who has recovered', async () => {
    const { clock, sick, asked, health } = setUp({ name: 'carts' });
    const heard: unknown[] = [];
    health.on('failed', ({ id, checker, error }) => heard.push(['failed', id, checker, String(error)]));
    health.on('recovered', ({ id }) => heard.push(['recovered', id]));
    await clock.advance(0);
    expect(asked.sort()).toEqual(['a', 'b', 'c']);
    sick.add('b');
    await clock.advance(200);
    expect(health.isHealthy('b')).toBe(true);
    await clock.advance(100);
    expect(health.isHealthy('b')).toBe(false);
    expect(health.snapshot()).toMatchObject({ name: 'carts', running: 0, unhealthy: 1 });
    sick.clear();
    await clock.advance(200);
    expect(health.isHealthy('b')).toBe(true);
    expect(heard).toEqual([
      ['failed', 'b', 'carts', 'Error: b is sick'],
      ['recovered', 'b'],
    ]);
  });

  it.each([
    ['throws', () => Promise.reject(new Error('no'))],
    ['answers false', () => false],
    ['answers false later', async () => false],
    ['takes too long', () => new Promise(() => {})],
  ])('takes it for a failure when a check %s', async (_, check) => {
    const { clock, health } = setUp({ check });
    const ends: boolean[] = [];
    health.on('checked', ({ ok, error, tookMs }) => ends.push(ok, error instanceof Error, tookMs <= 20));
    await clock.advance(20);
    expect(ends).toEqual(Array(3).fill([false, true, true]).flat());
    expect(health.snapshot().unhealthy).toBe(3);
  });

  it('tells a check when its time is over, and hears nothing of it afterwards', async () => {
    const aborted: string[] = [];
    let answer = (_: boolean): void => {};
    const { clock, health } = setUp({
      instances: instances.slice(0, 1),
      check: ({ id }, { signal, timeoutMs }) => {
        signal.addEventListener('abort', () => aborted.push(`${id} ${timeoutMs}`));
        return new Promise<boolean>(resolve => {
          answer = resolve;
        });
      },
    });
    await clock.advance(20);
    expect(aborted).toEqual(['a 20']);
    expect(health.isHealthy('a')).toBe(false);
    answer(true);
    await clock.advance(1);
    expect(health.snapshot().instances[0]).toMatchObject({ healthy: false, row: 0 });
  });

  it('has no more checks under way than may be, and forgets none', async () => {
    let running = 0;
    let most = 0;
    const asked = new Set<string>();
    const many = Array.from({ length: 50 }, (_, at) => ({ id: `i${at}` }));
    const { clock } = setUp({
      instances: many,
      maxConcurrent: 4,
      check: async ({ id }) => {
        asked.add(id);
        most = Math.max(most, ++running);
        await new Promise<void>(resolve => void clock.schedule(5, resolve));
        running--;
      },
    });
    await clock.advance(100);
    expect(asked.size).toBe(50);
    expect(most).toBe(4);
  });

  it('spreads its checks by chance', async () => {
    const { clock, asked } = setUp({ jitterRatio: 0.5, random: () => 0.5 });
    await clock.advance(24);
    expect(asked).toEqual([]);
    await clock.advance(1);
    expect(asked.length).toBe(3);
    await clock.advance(75);
    expect(asked.length).toBe(6);
  });

  it('takes those out of a balancer that fail; when all do, the balancer uses all', async () => {
    const clock = new VirtualClock();
    const balancer = new Balancer({ instances, clock });
    const { sick, health } = setUp({ clock, target: balancer });
    sick.add('b');
    await clock.advance(0);
    const picks = new Set(Array.from({ length: 50 }, () => balancer.pick().instance.id));
    expect([...picks].sort()).toEqual(['a', 'c']);
    for (const id of ['a', 'c']) sick.add(id);
    await clock.advance(300);
    expect(health.snapshot().unhealthy).toBe(3);
    const all = new Set(Array.from({ length: 50 }, () => balancer.pick().instance.id));
    expect(all.size).toBe(3);
    expect(balancer.snapshot().panicking).toBe(true);
  });

  it('does not let in whom others have ejected, and others do not let in whom it has', async () => {
    const clock = new VirtualClock();
    const balancer = new Balancer({ instances, clock });
    const outliers = new OutlierDetector({
      target: balancer,
      consecutiveFailures: 1,
      baseEjectionMs: 50,
      clock,
    });
    outliers.update(['a', 'b', 'c']);
    const { sick } = setUp({ clock, target: balancer });
    const stateOf = () => balancer.snapshot().instances[1]!.state;
    sick.add('b');
    await clock.advance(0);
    outliers.record('b', 'failure');
    await clock.advance(60);
    outliers.sweep();
    expect(outliers.isEjected('b')).toBe(false);
    expect(stateOf()).toBe('ejected');
    outliers.record('b', 'failure');
    sick.clear();
    await clock.advance(30 + 100);
    outliers.record('b', 'failure');
    await clock.advance(10);
    expect(stateOf()).toBe('ejected');
    await clock.advance(1_000);
    outliers.sweep();
    expect(stateOf()).toBe('used');
  });

  it('follows a watcher, which then uses whoever is healthy', async () => {
    const clock = new VirtualClock();
    const registry = new InMemoryRegistry({ clock });
    const put = (id: string) => registry.register({ service: 'cart', id, address: `${id}.example:80` });
    const all = ['a', 'b', 'c'].map(put);
    const checker: { health?: HealthChecker } = {};
    const isHealthy = ({ id }: { readonly id: string }) => checker.health?.isHealthy(id) ?? true;
    const watcher = new ServiceWatcher({ registry, service: 'cart', isHealthy, clock });
    await clock.advance(10);
    const { sick, asked, health } = setUp({ clock, instances: watcher });
    checker.health = health;
    sick.add('b').add('d');
    await clock.advance(1);
    const usable = () => watcher.usable().map(({ id }) => id);
    expect(usable()).toEqual(['a', 'c']);
    put('d');
    await clock.advance(10);
    expect(asked).toContain('d');
    expect(usable()).toEqual(['a', 'c']);
    // One that says that it goes is not asked any more.
    void all[0]!.drain();
    await clock.advance(10);
    asked.length = 0;
    await clock.advance(300);
    expect(asked).not.toContain('a');
    expect(asked).toContain('c');
    watcher.close();
    const closing = registry.close();
    await clock.advance(10_000);
    await closing;
  });

  it('has nothing against one that is checked no more', async () => {
    const clock = new VirtualClock();
    const balancer = new Balancer({ instances, clock });
    const { sick, health } = setUp({ clock, target: balancer });
    sick.add('b');
    await clock.advance(0);
    const drained = instances.map(each => (each.id === 'b' ? { ...each, status: 'draining' } : each));
    health.update(drained);
    expect(health.isHealthy('b')).toBe(true);
    sick.clear();
    health.update(instances);
    await clock.advance(1);
    expect(balancer.snapshot().instances[1]!.state).toBe('used');
  });

  it('ejects again whom a balancer comes to know only now', async () => {
    const ejected: string[] = [];
    const target = { eject: (id: string, by: string) => ejected.push(`${id} ${by}`), readmit: () => {} };
    const { clock, sick, health } = setUp({ target });
    sick.add('b');
    await clock.advance(0);
    health.update([...instances]);
    expect(ejected).toEqual(['b health', 'b health']);
  });

  it('asks nobody after its end, and gives up what is under way', async () => {
    let aborted = 0;
    const { clock, health } = setUp({
      check: (_, { signal }) => {
        signal.addEventListener('abort', () => aborted++);
        return new Promise(() => {});
      },
    });
    await clock.advance(0);
    health[Symbol.dispose]();
    health.update(instances);
    expect(aborted).toBe(3);
    await clock.advance(10_000);
    expect(health.snapshot()).toMatchObject({ unhealthy: 0 });
    expect(clock.timers).toBe(0);
  });

  it('describes itself', () => {
    expect(setUp().health.describe()).toEqual({
      ...{ kind: 'health', name: 'health', rise: 2, fall: 3, intervalMs: 100, unhealthyIntervalMs: 100 },
      ...{ jitterRatio: 0, maxConcurrent: 16, trusted: true, timeoutMs: 20 },
    });
    expect(HealthChecker.defaults.intervalMs).toBe(10_000);
  });

  it.each([
    ['`check` must be a function', { check: 'yes' }],
    ['`instances` must be a list, or a source', { instances: 7 }],
    ['`target` must be a Balancer', { target: { eject() {} } }],
    ['`intervalMs` must be', { intervalMs: 0 }],
    ['`unhealthyIntervalMs` must be', { unhealthyIntervalMs: -1 }],
    ['`jitterRatio` must be', { jitterRatio: 1 }],
    ['`timeoutMs` must be', { timeoutMs: Infinity }],
    ['`rise` must be an integer', { rise: 0 }],
    ['`fall` must be an integer', { fall: 1.5 }],
    ['`maxConcurrent` must be', { maxConcurrent: 0 }],
    ['`trusted` must be true or false', { trusted: 1 }],
    ['unknown option `interval`', { interval: 7 }],
  ])('refuses what is wrong: %s', (words, options) => {
    expect(() => setUp(options as Partial<HealthCheckerOptions>)).toThrow(words);
  });
});
