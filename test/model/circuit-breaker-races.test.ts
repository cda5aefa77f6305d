import { describe, expect, it } from 'vitest';
import { microtaskSweep } from '../../src/testing/microtask-sweep.js';
import { boom, breakerOf, fail, ok, pending, run } from '../fixtures/breaker.js';

/** Half-open, with one probe in flight and one call from before the break. */
const probing = async () => {
  const made = breakerOf();
  const late = pending();
  const lateCall = made.breaker.execute(late.operation).catch(() => {});
  await run(made.breaker, fail, fail);
  await made.clock.advance(100);
  const probe = pending();
  const probeCall = made.breaker.execute(probe.operation).catch(() => {});
  return { ...made, late, lateCall, probe, probeCall };
};
type Subject = Awaited<ReturnType<typeof probing>>;

const actions = {
  call: ({ breaker }: Subject) => breaker.execute(ok),
  fail: ({ breaker }: Subject) => breaker.execute(fail),
  'late failure': ({ late }: Subject) => late.reject(boom),
  'late success': ({ late }: Subject) => late.resolve('fine'),
  isolate: ({ breaker }: Subject) => breaker.isolate(),
  reset: ({ breaker }: Subject) => breaker.reset(),
};

const check = ({ breaker, told, late }: Subject): string | undefined => {
  late.resolve('fine');
  const { state, inFlight, totals } = breaker.explain();
  const { success, failure, ignored, cancelled, rejected } = totals;
  if (success + failure + ignored + cancelled + rejected + inFlight < 4) return 'a call is lost';
  if (told.some((name, index) => name !== 'rejected' && name === told[index - 1]))
    return `twice: ${told.join(' ')}`;
  if (state === 'half-open') return 'the probe has no say';
  return inFlight <= 1 ? undefined : `${inFlight} in flight`;
};

describe('the end of a probe', () => {
  it.each([true, false])(
    'leaves no gap for what comes in the same moment (success: %s)',
    async success => {
      const { runs } = await microtaskSweep({
        subject: probing,
        trigger: ({ probe }) => (success ? probe.resolve('fine') : probe.reject(boom)),
        actions,
        check,
      });
      expect(runs).toBeGreaterThan(1000);
    },
    60_000,
  );

  it('lets nobody run beside the probe', async () => {
    let most = 0;
    await microtaskSweep({
      subject: async () => ({ ...(await probing()), beside: 0 }),
      trigger: ({ probe }) => probe.resolve('fine'),
      actions: {
        call: subject => {
          const { state } = subject.breaker;
          return subject.breaker.execute(() => {
            if (state === 'half-open') subject.beside++;
          });
        },
      },
      check: ({ beside }) => {
        most = Math.max(most, beside);
        return undefined;
      },
    });
    expect(most).toBe(0);
  });
});
