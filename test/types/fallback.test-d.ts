import { describe, expectTypeOf, it } from 'vitest';
import { pipeline, wrap } from '../../src/kernel/pipeline.js';
import type { Policy } from '../../src/kernel/policy.js';
import { Fallback } from '../../src/resilience/fallback.js';
import { Retry } from '../../src/resilience/retry.js';

const text = (): Promise<string> => Promise.resolve('text');

describe('the types of a fallback', () => {
  it('join those of the operation', () => {
    expectTypeOf(new Fallback({ value: null }).execute(text)).resolves.toEqualTypeOf<string | null>();
    expectTypeOf(new Fallback({ value: 7 }).execute(text)).resolves.toEqualTypeOf<string | number>();
    expectTypeOf(new Fallback({ run: () => 7 }).execute(text)).resolves.toEqualTypeOf<string | number>();
    const later = new Fallback({ run: async () => 7 });
    expectTypeOf(later.execute(text)).resolves.toEqualTypeOf<string | number>();
    const never = new Fallback({
      run: () => {
        throw new Error();
      },
    });
    expectTypeOf(never.execute(text)).resolves.toEqualTypeOf<string>();
  });

  it('are named for a chain', () => {
    const chain = new Fallback<number | null>({ run: [async () => 7, () => null] });
    expectTypeOf(chain.execute(text)).resolves.toEqualTypeOf<string | number | null>();
    const { run } = { run: [() => 1, () => 'a'] as const };
    expectTypeOf(new Fallback<number | string>({ run })).toEqualTypeOf<Fallback<number | string>>();
    // @ts-expect-error: a constructor can be told the type of all steps, but not find it
    new Fallback({ run: [() => 1, () => 'a'] });
  });

  it('survive a pipeline and a wrap', () => {
    const policy = pipeline(new Fallback({ value: null }), new Retry());
    expectTypeOf(policy.execute(text)).resolves.toEqualTypeOf<string | null>();
    const call = wrap(pipeline(new Fallback({ value: 0 }), new Retry()), (_, id: string, page?: number) => ({
      id,
      page,
    }));
    expectTypeOf(call).parameters.toEqualTypeOf<[id: string, page?: number | undefined]>();
    expectTypeOf(call).returns.resolves.toEqualTypeOf<{ id: string; page: number | undefined } | number>();
  });

  it('say what a chain of fallbacks may answer', () => {
    const chain = pipeline(new Fallback({ value: 1 }), new Fallback({ value: true }));
    expectTypeOf(chain.execute(text)).resolves.toEqualTypeOf<string | number | boolean>();
  });

  it('give `run` the answer that counted as a failure', () => {
    new Fallback<null, Response>({
      classify: outcome => (outcome.ok && outcome.value.status >= 500 ? 'failure' : undefined),
      run: (error, context, answer) => {
        expectTypeOf(error).toBeUnknown();
        expectTypeOf(context.attempt).toBeNumber();
        expectTypeOf(answer).toEqualTypeOf<Response | undefined>();
        return null;
      },
    });
  });

  it('take either a value or something to run', () => {
    // @ts-expect-error: neither
    new Fallback({});
    // @ts-expect-error: both
    new Fallback({ value: 1, run: () => 1 });
  });
});

const responses = new Retry<Response>({
  classify: outcome => (outcome.ok && outcome.value.status === 503 ? { retryAfterMs: 100 } : undefined),
});

describe('the types of a retry', () => {
  it('come through untouched', () => {
    expectTypeOf(new Retry().execute(text)).resolves.toEqualTypeOf<string>();
    expectTypeOf(responses.execute(() => fetch('/'))).resolves.toEqualTypeOf<Response>();
  });

  it('keep a retry of responses from other operations', () => {
    // @ts-expect-error: text is no response
    void responses.execute(text);
    // @ts-expect-error: `null` is no response
    pipeline(responses, new Fallback({ value: null }));
    expectTypeOf(pipeline(new Fallback({ value: null }), responses)).toExtend<Policy<Response, null>>();
    expectTypeOf(responses).not.toExtend<Policy>();
    expectTypeOf(new Retry()).toExtend<Policy>();
  });

  it('know the jitters of each schedule', () => {
    new Retry({ backoff: { kind: 'exponential', initialMs: 1, jitter: 'decorrelated' } });
    // @ts-expect-error: decorrelated jitter is a growth of its own
    new Retry({ backoff: { kind: 'linear', initialMs: 1, jitter: 'decorrelated' } });
    // @ts-expect-error: and has no factor
    new Retry({ backoff: { kind: 'exponential', initialMs: 1, factor: 3, jitter: 'decorrelated' } });
  });
});
