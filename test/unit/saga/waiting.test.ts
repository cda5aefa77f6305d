import { describe, expect, it } from 'vitest';
import { defineSaga } from '../../../src/saga/definition.js';
import { SagaScene } from './saga-scene.js';

describe('a signal', () => {
  const paid = defineSaga('s').waitForEvent('paid', { timeoutMs: 60_000 });

  it.each(['before it began', 'before it waits', 'while it waits'])(
    'is had once when it comes %s',
    async when => {
      const scene = new SagaScene();
      const saga = defineSaga('s')
        .sleep('first', 1_000)
        .waitForEvent('paid')
        .waitForEvent('again', { event: 'paid', timeoutMs: 1_000, onTimeout: 'continue' });
      const sagas = await scene.worker([saga]);
      const send = async (): Promise<unknown> => {
        const one = await sagas.signal({ definition: 's', key: 'k' }, 'paid', { cents: 5 }, { dedupe: 'd' });
        return [
          one,
          await sagas.signal({ definition: 's', key: 'k' }, 'paid', { cents: 6 }, { dedupe: 'd' }),
        ];
      };
      const kept = ['kept', 'known'];
      if (when === 'before it began') expect(await send()).toEqual(kept);
      const handle = await sagas.start(saga, {}, { key: 'k' });
      if (when === 'before it waits') expect(await send()).toEqual(kept);
      if (when === 'while it waits') {
        await scene.clock.advance(10_000);
        expect(await send()).toEqual(kept);
      }
      expect(await scene.clock.runUntil(handle.result())).toEqual({ paid: { cents: 5 } });
      expect(await sagas.signal(handle.id, 'paid')).toBe('late');
      await sagas.close();
    },
  );

  it('that does not come in time turns the saga back, and one that comes then is late', async () => {
    const scene = new SagaScene();
    const sagas = await scene.worker([paid]);
    await sagas.start(paid, {}, { id: 's1' });
    await scene.clock.advance(59_000);
    expect((await sagas.get('s1'))?.status).toBe('waiting');
    await scene.clock.advance(2_000);
    expect(await scene.end(sagas, 's1')).toBe('compensated');
    expect((await sagas.get('s1'))?.state.because?.error).toMatchObject({ code: 'ERR_TIMEOUT' });
    expect(await sagas.signal('s1', 'paid')).toBe('late');
    await sagas.close();
  });

  it('is waited for as long as it was to be, over restarts', async () => {
    const scene = new SagaScene();
    const one = await scene.worker([paid]);
    await one.start(paid, {}, { id: 's1' });
    await scene.clock.advance(30_000);
    await one.close();
    const two = await scene.worker([paid]);
    await scene.clock.advance(29_000);
    expect((await two.get('s1'))?.status).toBe('waiting');
    await scene.clock.advance(3_000);
    expect((await two.get('s1'))?.status).toBe('compensated');
    await two.close();
  });

  it('is waited for as long again when somebody says so', async () => {
    const scene = new SagaScene();
    const saga = defineSaga('s')
      .pivot('p', { forward: () => 1 })
      .waitForEvent('paid', { timeoutMs: 10_000 });
    const sagas = await scene.worker([saga]);
    await sagas.start(saga, {}, { id: 's1' });
    for (let round = 0; round < 2; round++) {
      expect(await scene.end(sagas, 's1')).toBe('parked');
      await sagas.retry('s1');
      await scene.clock.advance(9_000);
      expect((await sagas.get('s1'))?.status).toBe('waiting');
    }
    await sagas.signal('s1', 'paid', 7);
    expect(await scene.end(sagas, 's1')).toBe('completed');
    await sagas.close();
  });

  it('has what the schema lets through', async () => {
    const scene = new SagaScene();
    const schema = {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: (value: unknown) =>
          typeof value === 'number' ? { value: { n: value } } : { issues: [{ message: 'no number' }] },
      },
    };
    const saga = defineSaga('s').waitForEvent('paid', { schema });
    const sagas = await scene.worker([saga]);
    await sagas.start(saga, {}, { id: 's1' });
    await expect(sagas.signal('s1', 'paid', 'x')).rejects.toThrow('the payload of "paid": no number');
    expect(await sagas.signal('s1', 'paid', 5)).toBe('kept');
    expect(await scene.end(sagas, 's1')).toBe('completed');
    expect((await sagas.get('s1'))?.state.entries['paid']?.output).toEqual({ n: 5 });
    await sagas.close();
  });
});

describe('a sleep', () => {
  it('ends when it was to end, over restarts, and is driven by nobody meanwhile', async () => {
    const scene = new SagaScene();
    const saga = defineSaga<{ ms: number }>('s').sleep('nap', ({ input }) => input.ms);
    const one = await scene.worker([saga]);
    await one.start(saga, { ms: 3_600_000 }, { id: 's1' });
    await scene.clock.advance(5_000);
    expect(one.snapshot().driving).toBe(0);
    await one.close();
    const two = await scene.worker([saga]);
    await scene.clock.advance(3_590_000);
    expect((await two.get('s1'))?.status).toBe('waiting');
    await scene.clock.advance(8_000);
    expect((await two.get('s1'))?.status).toBe('completed');
    await two.close();
  });

  it.each([NaN, -1, Infinity, '5', undefined])('of %s ms fails, and says why', async ms => {
    const scene = new SagaScene();
    const saga = defineSaga('s').sleep('nap', () => ms as never);
    const sagas = await scene.worker([saga]);
    await sagas.start(saga, {}, { id: 's1' });
    expect(await scene.end(sagas, 's1')).toBe('compensated');
    const { message } = (await sagas.get('s1'))!.state.because!.error!;
    expect(message).toMatch(/^sleep nap: `ms` must be a number >= 0 <= 9007199254740991, got /);
    await sagas.close();
  });
});

describe('a lock', () => {
  it('is had by one saga at a time, until it is over', async () => {
    const scene = new SagaScene();
    let inside = 0;
    let most = 0;
    const enter = (): void => {
      inside++;
      most = Math.max(most, inside);
    };
    const saga = defineSaga<{ account: string }>('s')
      .lock('mine', ({ input }) => input.account)
      .step('in', { forward: enter, compensate: 'nothing' })
      .sleep('work', 2_000)
      .step('out', { forward: () => void inside--, compensate: 'nothing' });
    const sagas = await scene.worker([saga]);
    for (let n = 0; n < 4; n++) await sagas.start(saga, { account: 'a' }, { id: `s${n}` });
    for (let n = 0; n < 4; n++) expect(await scene.end(sagas, `s${n}`)).toBe('completed');
    expect(most).toBe(1);
    await sagas.close();
  });

  it('that does not come free in time turns the saga back; a parked saga loses it in the end', async () => {
    const scene = new SagaScene();
    const broken = (): never => {
      throw new Error('x');
    };
    const holder = defineSaga('holder')
      .lock('l', () => 'k', { leaseMs: 30_000 })
      .pivot('p', { forward: broken, retry: { attempts: 1 } });
    const waiter = defineSaga('waiter').lock('l', () => 'k', { timeoutMs: 10_000 });
    const sagas = await scene.worker([holder, waiter]);
    await sagas.start(holder, {}, { id: 'h' });
    expect(await scene.end(sagas, 'h')).toBe('parked');
    await sagas.start(waiter, {}, { id: 'w1' });
    expect(await scene.end(sagas, 'w1')).toBe('compensated');
    await scene.clock.advance(20_000);
    await sagas.start(waiter, {}, { id: 'w2' });
    expect(await scene.end(sagas, 'w2')).toBe('completed');
    await sagas.close();
  });

  it.each([
    [
      'throws',
      (): never => {
        throw new Error('which?');
      },
      'which?',
    ],
    ['is no text', () => 5 as never, 'l: `lock` must be a text of 1 to 256 characters, got 5'],
    ['is empty', () => '', 'l: `lock` must be a text of 1 to 256 characters, got ""'],
    ['is too long', () => 'x'.repeat(257), 'l: `lock` must be a text of 1 to 256 characters, got "xxx'],
  ])('whose key %s fails', async (_, key, message) => {
    const scene = new SagaScene();
    const saga = defineSaga('s').lock('l', key);
    const sagas = await scene.worker([saga]);
    await sagas.start(saga, {}, { id: 's1' });
    expect(await scene.end(sagas, 's1')).toBe('compensated');
    expect((await sagas.get('s1'))?.state.because?.error?.message).toContain(message);
    await sagas.close();
  });
});
