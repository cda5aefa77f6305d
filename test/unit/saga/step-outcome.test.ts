import { describe, expect, it } from 'vitest';
import { CircuitBreaker, pipeline, Retry } from '../../../src/index.js';
import { attachAttempts } from '../../../src/kernel/attempt-history.js';
import { CircuitOpenError } from '../../../src/kernel/errors.js';
import { stepOutcome } from '../../../src/saga/step-outcome.js';
import { defineSaga, InMemorySagaStore, SagaOrchestrator } from '../../../src/saga.js';

const withStatus = (status: number) => Object.assign(new Error(`HTTP ${status}`), { status });
const unreached = () => Object.assign(new Error('nobody there'), { code: 'ECONNREFUSED' });

/** What a retry within a step ends with whose attempts threw these. */
function retried(...errors: Error[]): Error {
  const attempts = errors.map((error, at) => ({ attempt: at + 1, error, delayMs: undefined }));
  const last = errors.at(-1)!;
  attachAttempts(last, attempts, true);
  return last;
}

describe('what an error says of the effect of a step', () => {
  it.each([
    ['not-run', [unreached(), unreached()]],
    ['not-run', [withStatus(429), unreached()]],
    ['unknown', [withStatus(503), unreached()]],
    ['unknown', [withStatus(503), withStatus(429)]],
    ['unknown', [withStatus(503), withStatus(402)]],
    ['unknown', [new Error('reset'), new CircuitOpenError('open')]],
    ['failed', [unreached(), withStatus(402)]],
  ] as const)('is %s after the attempts of a retry: %#', (outcome, errors) => {
    const error = retried(...errors);
    expect(stepOutcome(error)).toBe(outcome);
    expect(stepOutcome(new Error('the bank', { cause: error }))).toBe(outcome);
  });

  it('is unknown where nobody knows the first attempts any more', () => {
    const last = unreached();
    attachAttempts(
      last,
      [
        { attempt: 3, error: unreached(), delayMs: 1 },
        { attempt: 4, error: last, delayMs: undefined },
      ],
      true,
    );
    expect(stepOutcome(last)).toBe('unknown');
  });

  it('is unknown where an earlier attempt answered with what counted as a failure', () => {
    const last = unreached();
    attachAttempts(
      last,
      [
        { attempt: 1, error: undefined, delayMs: 1 },
        { attempt: 2, error: last, delayMs: undefined },
      ],
      true,
    );
    expect(stepOutcome(last)).toBe('unknown');
  });
});

describe('a step that charged before its breaker opened', () => {
  it.each([1, 3])('is undone, with %i attempts of the saga', async attempts => {
    const bank = { charged: 0, refunded: 0 };
    const policy = pipeline(
      new Retry({ attempts: 3, backoff: { kind: 'constant', delayMs: 1 } }),
      new CircuitBreaker({ consecutiveFailures: 1, openMs: 5 }),
    );
    const order = defineSaga<{ cents: number }>('order').step('charge', {
      policy,
      retry: { attempts, backoff: { kind: 'constant', delayMs: 1 } },
      forward: () => {
        bank.charged++;
        throw withStatus(503);
      },
      compensate: () => {
        bank.refunded++;
      },
    });
    const sagas = new SagaOrchestrator({ store: new InMemorySagaStore(), definitions: [order], pollMs: 5 });
    await sagas.work();
    await expect(sagas.run(order, { cents: 5 })).rejects.toMatchObject({ code: 'ERR_SAGA_COMPENSATED' });
    expect(bank.charged).toBeGreaterThanOrEqual(1);
    expect(bank.refunded).toBe(1);
    await sagas.close();
  });
});
