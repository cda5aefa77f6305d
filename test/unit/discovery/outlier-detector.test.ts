import { describe, expect, it } from 'vitest';
import { Balancer } from '../../../src/discovery/balancer.js';
import { OutlierDetector } from '../../../src/discovery/outlier-detector.js';
import type { OutlierDetectorOptions } from '../../../src/discovery/outlier-options.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const ids = ['a', 'b', 'c', 'd'];

function setUp(options: OutlierDetectorOptions = {}) {
  const clock = new VirtualClock();
  const balancer = new Balancer({ clock, instances: ids.map(id => ({ id })) });
  const outliers = new OutlierDetector({ clock, target: balancer, consecutiveFailures: 2, ...options });
  outliers.update(ids);
  const told: unknown[] = [];
  for (const event of ['ejected', 'readmitted', 'spared'] as const) {
    outliers.on(event, ({ detector: _, at: __, ...what }) => told.push([event, what]));
  }
  const fail = (id: string, times = 2): void => {
    for (let failure = 0; failure < times; failure++) outliers.record(id, 'failure');
  };
  const used = () => new Set(Array.from({ length: 60 }, () => balancer.pick().instance.id));
  return { clock, balancer, outliers, told, fail, used };
}

describe('OutlierDetector', () => {
  it('ejects from the balancer, tells why, and readmits when the time is over', () => {
    const { clock, outliers, told, fail, used } = setUp();
    fail('a');
    expect(used().has('a')).toBe(false);
    expect(outliers.isEjected('a')).toBe(true);
    clock.advanceSync(30_000);
    // Whatever is told of another one is enough.
    outliers.record('b', 'success');
    expect(used().has('a')).toBe(true);
    expect(told).toEqual([
      ['ejected', { id: 'a', because: 'consecutive failures', forMs: 30_000, times: 1 }],
      ['readmitted', { id: 'a', afterMs: 30_000 }],
    ]);
  });

  it('counts what is neutral nowhere, and what is slow as a success', () => {
    const { outliers, fail } = setUp();
    fail('a', 1);
    outliers.record('a', 'neutral');
    fail('a', 1);
    expect(outliers.isEjected('a')).toBe(true);
    fail('b', 1);
    outliers.record('b', 'slow');
    fail('b', 1);
    expect(outliers.isEjected('b')).toBe(false);
  });

  it('spares whoever would be one too many, and leaves the balancer alone', () => {
    const { told, fail, used } = setUp();
    for (const id of ids) fail(id);
    expect(used()).toEqual(new Set(['c', 'd']));
    expect(told.slice(2)).toEqual([
      ['spared', { id: 'c', because: 'consecutive failures' }],
      ['spared', { id: 'd', because: 'consecutive failures' }],
    ]);
  });

  it('needs no target, and no listener', () => {
    const outliers = new OutlierDetector({ consecutiveFailures: 1 });
    outliers.update(ids);
    outliers.record('a', 'failure');
    expect(outliers.isEjected('a')).toBe(true);
  });

  it('tells how it stands, and how it was made', () => {
    const { clock, outliers, fail } = setUp({ deviations: Infinity, name: 'mine' });
    fail('a');
    fail('b', 1);
    clock.advanceSync(10_000);
    expect(outliers.snapshot()).toMatchObject({
      name: 'mine',
      ejected: 1,
      instances: [
        { id: 'a', row: 0, times: 1, backInMs: 20_000 },
        { id: 'b', row: 1, times: 0, backInMs: null },
        {},
        {},
      ],
    });
    expect(outliers.describe()).toMatchObject({
      kind: 'outliers',
      deviations: null,
      minHosts: 5,
      name: 'mine',
    });
  });

  it.each<[object, string]>([
    [{ target: {} }, '`target` must be a Balancer'],
    [{ consecutiveFailures: 0 }, '`consecutiveFailures` must be an integer >= 1, or Infinity, got 0'],
    [{ deviations: 0 }, '`deviations` must be'],
    [{ failureRatio: 2 }, '`failureRatio` must be'],
    [{ minHosts: 0 }, '`minHosts` must be'],
    [{ minRequests: 0 }, '`minRequests` must be'],
    [{ intervalMs: 0 }, '`intervalMs` must be'],
    [{ baseEjectionMs: 0 }, '`baseEjectionMs` must be'],
    [{ maxEjectionMs: 1 }, '`maxEjectionMs` must be a number >= 30000, got 1'],
    [{ maxEjectedRatio: 1.5 }, '`maxEjectedRatio` must be'],
    [{ ejectAfter: 1 }, 'unknown option `ejectAfter`'],
  ])('refuses %j', (options, message) => {
    expect(() => new OutlierDetector(options as OutlierDetectorOptions)).toThrow(message);
  });
});
