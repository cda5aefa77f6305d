import { describe, expect, it } from 'vitest';
import type { ProjectionContext } from '../../../src/events/projection-options.js';
import { Retry } from '../../../src/resilience/retry.js';
import { counterOf, failure } from '../../fixtures/projections.js';

describe('onError', () => {
  it.each(['stop', 'park', 'skip'] as const)('%s', async onError => {
    const { make, add, log, clock } = counterOf();
    const projection = make({ onError });
    const told: unknown[] = [];
    for (const event of ['failed', 'parked', 'skipped'] as const) {
      projection.on(event, ({ error, ...rest }) => told.push([event, rest, String(error)]));
    }
    add(1);
    log.append('boom', 'bad');
    add(2);
    const error = await failure(projection.catchUp());
    const trouble = { projection: 'sum', version: 1, position: 2, type: 'boom', at: clock.wall() };
    const names = { stop: 'failed', park: 'parked', skip: 'skipped' };
    expect(told).toEqual([[names[onError], trouble, 'Error: bad']]);
    if (onError === 'stop') {
      expect(error).toMatchObject({
        code: 'ERR_PROJECTION_STOPPED',
        name: 'ProjectionStoppedError',
        message: 'sum: stopped at 2, "boom": Error: bad',
        cause: { message: 'bad' },
      });
      expect(projection.snapshot()).toMatchObject({ status: 'failed', position: 1 });
      expect(projection.state).toBe(1);
    } else {
      expect(error).toBe('no error');
      expect(projection.snapshot()).toMatchObject({ status: 'idle', position: 3, processed: 3 });
      expect(projection.snapshot()).toMatchObject(onError === 'skip' ? { skipped: 1 } : { parked: 1 });
      expect(projection.state).toBe(3);
    }
  });

  it('stop: goes on when the handler has been mended', async () => {
    const { make, add, log } = counterOf();
    add(1);
    log.append('boom', 'bad');
    add(2);
    await failure(make().catchUp());
    const mended = make({ on: { add: (sum, n) => sum + n, boom: sum => sum + 100 } });
    await mended.catchUp();
    expect(mended.state).toBe(103);
  });

  it('comes into force when the policy gives up', async () => {
    const { make, log, clock } = counterOf();
    const attempts: number[] = [];
    const policy = new Retry({ attempts: 3, backoff: { kind: 'constant', delayMs: 10 }, clock });
    const projection = make({
      policy,
      onError: 'park',
      on: {
        boom: (sum, _text, { attempt }) => {
          attempts.push(attempt);
          throw new Error(`${sum}`);
        },
        add: (sum, n, { attempt }) => {
          if (attempt === 1) throw new Error('once');
          return sum + n;
        },
      },
    });
    log.append('boom', 'x');
    log.append('add', 7);
    await clock.runUntil(projection.catchUp());
    expect(attempts).toEqual([1, 2, 3]);
    expect([projection.state, projection.parked[0]?.attempts]).toEqual([7, 3]);
  });

  it('keeps words of any error, of bounded length', async () => {
    const { make, log } = counterOf();
    const thrown: unknown[] = ['x'.repeat(5000), undefined, Object.create(null)];
    const on = {
      boom: () => {
        throw thrown.shift();
      },
    };
    for (let i = 0; i < 3; i++) log.append('boom', 'x');
    const projection = make({ on, onError: 'park' });
    await projection.catchUp();
    const words = projection.parked.map(({ error }) => error);
    expect(words).toEqual(['x'.repeat(1000), 'undefined', 'an error that cannot be shown']);
  });
});

describe('parked events', () => {
  const scene = async () => {
    const all = counterOf({ onError: 'park' });
    all.add(1);
    all.log.append('boom', 'a');
    all.log.append('boom', 'b');
    all.add(2);
    await all.projection.catchUp();
    return all;
  };

  it('are listed, and survive a restart', async () => {
    const { projection, make, clock } = await scene();
    const parked = { type: 'boom', version: undefined, attempts: 1, replaying: false, at: clock.wall() };
    const both = [
      { position: 2, data: 'a', error: 'Error: a', ...parked },
      { position: 3, data: 'b', error: 'Error: b', ...parked },
    ];
    expect(projection.parked).toEqual(both);
    const again = make();
    await again.catchUp();
    expect(again.parked).toEqual(both);
  });

  it('are tried again, and stay when that fails', async () => {
    const { projection, make, clock, store } = await scene();
    await clock.advance(1000);
    expect(await projection.retryParked(2)).toBe(false);
    expect(projection.parked[0]).toMatchObject({ position: 2, attempts: 2, at: clock.wall() });
    const seen: ProjectionContext[] = [];
    const mended = make({
      on: {
        boom: (sum, _text, context) => {
          seen.push(context);
          return sum + 10;
        },
      },
    });
    expect(await mended.retryParked(2)).toBe(true);
    expect(seen).toMatchObject([{ position: 2, late: true, replaying: false }]);
    expect([mended.state, mended.position, mended.parked.length]).toEqual([13, 4, 1]);
    expect(store.read('sum')).toBe(13);
    expect([await mended.retryParked(2), await mended.retryParked(99)]).toEqual([false, false]);
  });

  it('are discarded', async () => {
    const { projection, make } = await scene();
    expect([await projection.discardParked(3), await projection.discardParked(3)]).toEqual([true, false]);
    const again = make();
    expect(await again.discardParked(2)).toBe(true);
    expect([again.state, again.parked]).toEqual([3, []]);
  });

  it('are bounded: one more stops it', async () => {
    const { make, log, add } = counterOf({ onError: 'park', maxParked: 2 });
    for (let i = 0; i < 3; i++) log.append('boom', `${i}`);
    add(1);
    const projection = make();
    expect(await failure(projection.catchUp())).toMatchObject({
      code: 'ERR_PROJECTION_STOPPED',
      message: 'sum: stopped at 3, "boom": Error: 2; `maxParked` is 2, and as many are parked',
    });
    expect([projection.parked.length, projection.position]).toEqual([2, 2]);
    await projection.discardParked(1);
    await projection.catchUp();
    expect(projection.snapshot()).toMatchObject({ status: 'idle', position: 4, parked: 2 });
  });

  it('are tried one at a time, and not while a batch runs', async () => {
    const { make, add, log, clock } = counterOf({ onError: 'park' });
    let running = 0;
    let most = 0;
    const slow = async (sum: number) => {
      most = Math.max(most, ++running);
      await new Promise<void>(resolve => clock.schedule(10, resolve));
      running--;
      return sum + 1;
    };
    log.append('boom', 'x');
    await make().catchUp();
    const projection = make({ on: { add: slow, boom: slow } });
    add(1, 2);
    const [caught, first, second] = [
      projection.catchUp(),
      projection.retryParked(1),
      projection.retryParked(1),
    ];
    await clock.runUntil(Promise.all([caught, first, second]));
    expect([await first, await second, most, projection.state]).toEqual([true, false, 1, 3]);
  });
});
