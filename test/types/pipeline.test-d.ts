import { describe, expectTypeOf, it } from 'vitest';
import type { CallContext, CallOptions, Context } from '../../src/kernel/context.js';
import { type PipelinePolicy, pipeline, wrap } from '../../src/kernel/pipeline.js';
import type { Guard, Operation, Policy } from '../../src/kernel/policy.js';
import type { Timeout } from '../../src/resilience/timeout.js';

interface Reply {
  readonly status: number;
}

/** A policy that looks at the answer, and so takes only replies. */
declare const retry5xx: Policy<Reply>;
declare const orNull: Policy<unknown, null>;
declare const orText: Policy<unknown, string>;
declare const orReply: Policy<Reply, Reply>;
declare const plain: Policy;
declare const timeout: Timeout;
declare const reply: () => Promise<Reply>;

/** A user's own, with the type parameters of a class. */
class OrElse<Out> implements Policy<unknown, Out> {
  declare readonly '~policy'?: (value: unknown) => Out;
  readonly #out: Out;

  constructor(out: Out) {
    this.#out = out;
  }

  async execute<T>(operation: Operation<T>, options?: CallOptions | Context): Promise<T | Out> {
    return pipeline()
      .execute(operation, options)
      .catch(() => this.#out);
  }
}

/** A user's own that says nothing of its types: it takes and answers what the operation does. */
class Counted implements Policy {
  calls = 0;

  execute<T>(operation: Operation<T>, options?: CallOptions | Context): Promise<T> {
    this.calls++;
    return pipeline().execute(operation, options);
  }
}

class Door implements Guard<number> {
  enter(call: CallContext): number | undefined {
    return call.priority;
  }

  exit(permit: number): void {
    expectTypeOf(permit).toBeNumber();
  }
}

describe('execute', () => {
  it('answers with what the operation does, async or not', () => {
    expectTypeOf(pipeline().execute(() => 7)).resolves.toEqualTypeOf<number>();
    expectTypeOf(pipeline().execute(async () => 'x')).resolves.toEqualTypeOf<string>();
    expectTypeOf(pipeline(timeout, plain).execute(reply)).resolves.toEqualTypeOf<Reply>();
    expectTypeOf(timeout.execute((): void => {})).resolves.toEqualTypeOf<void>();
    expectTypeOf(
      plain.execute((): never => {
        throw new Error();
      }),
    ).resolves.toEqualTypeOf<never>();
  });

  it('gives the operation a context that nobody changes', () => {
    void timeout.execute(context => {
      expectTypeOf(context).toEqualTypeOf<Context>();
      expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>();
      expectTypeOf(context.key).toEqualTypeOf<string | undefined>();
      // @ts-expect-error a context is never mutated
      context.deadline = 5;
    });
  });

  it('takes call options or a context, and nothing else', () => {
    void timeout.execute(reply, { timeoutMs: 5, signal: undefined, attributes: { a: 1 } });
    void timeout.execute(context => plain.execute(reply, context));
    // @ts-expect-error a typo
    void timeout.execute(reply, { timeout: 5 });
    // @ts-expect-error an operation is a function
    void timeout.execute(5);
  });
});

describe('a pipeline', () => {
  it('joins what its policies may answer to what the operation does', () => {
    expectTypeOf(pipeline(orNull, timeout).execute(reply)).resolves.toEqualTypeOf<Reply | null>();
    expectTypeOf(pipeline(orNull, orText).execute(() => 7)).resolves.toEqualTypeOf<number | string | null>();
    expectTypeOf(pipeline(orReply, plain).execute(reply)).resolves.toEqualTypeOf<Reply>();
    expectTypeOf(pipeline(new OrElse(0), plain).execute(reply)).resolves.toEqualTypeOf<Reply | number>();
    expectTypeOf(pipeline(pipeline(orNull), pipeline(plain, orText)).execute(reply)).resolves.toEqualTypeOf<
      Reply | string | null
    >();
  });

  it('takes what all of its policies take', () => {
    const policy = pipeline(orNull, retry5xx, timeout);
    expectTypeOf(policy).toEqualTypeOf<PipelinePolicy<Reply, null>>();
    void policy.execute(() => ({ status: 200, body: 'more is fine' }));
    // @ts-expect-error a text is no Reply
    void policy.execute(() => 'text');
    // @ts-expect-error nor does one get in through a nested pipeline
    void pipeline(timeout, policy).execute(() => 'text');
  });

  it('does not compile in the wrong order', () => {
    void pipeline(orNull, retry5xx);
    // @ts-expect-error what may answer null stands inside of what takes only replies
    void pipeline(retry5xx, orNull);
    // @ts-expect-error however far inside
    void pipeline(retry5xx, timeout, plain, new OrElse(null));
    // @ts-expect-error and however nested
    void pipeline(retry5xx, pipeline(timeout, orNull));
    void pipeline(retry5xx, orReply);
  });

  it('takes users’ own policies and guards, and tells them from other things', () => {
    expectTypeOf(pipeline(new Counted(), new Door()).execute(reply)).resolves.toEqualTypeOf<Reply>();
    expectTypeOf(pipeline(new Door()).execute(() => 1)).resolves.toEqualTypeOf<number>();
    // @ts-expect-error neither a policy nor a guard
    void pipeline(timeout, {});
    // @ts-expect-error a guard must take its permits back
    void pipeline({ enter: () => 1 });
    // @ts-expect-error a function is no policy
    void pipeline(() => 1);
  });

  it('takes up to seven policies and more', () => {
    const seven = pipeline(orNull, plain, retry5xx, new Door(), new Counted(), orReply, timeout);
    expectTypeOf(seven).toEqualTypeOf<PipelinePolicy<Reply, Reply | null>>();
    const eight = pipeline(orText, orNull, plain, retry5xx, new Door(), new Counted(), orReply, timeout);
    expectTypeOf(eight.execute(reply)).resolves.toEqualTypeOf<Reply | string | null>();
    // @ts-expect-error the first of seven takes no null
    void pipeline(retry5xx, plain, plain, new Door(), new Counted(), orNull, timeout);
  });

  it('takes arrays spread in, and readonly tuples', () => {
    const guards: Guard[] = [];
    expectTypeOf(pipeline(...guards).execute(reply)).resolves.toEqualTypeOf<Reply>();
    const policies: (Timeout | Counted)[] = [];
    expectTypeOf(pipeline(...policies).execute(reply)).resolves.toEqualTypeOf<Reply>();
    const nulls: Policy<unknown, null>[] = [];
    expectTypeOf(pipeline(...nulls).execute(reply)).resolves.toEqualTypeOf<Reply | null>();
    const tuple = [orNull, retry5xx, timeout] as const;
    expectTypeOf(pipeline(...tuple)).toEqualTypeOf<PipelinePolicy<Reply, null>>();
    const wrong = [retry5xx, orNull] as const;
    // @ts-expect-error a tuple in the wrong order
    void pipeline(...wrong);
  });

  it('takes of one policy or another only what both take', () => {
    const ofReplies: readonly Policy<Reply>[] = [retry5xx];
    void pipeline(plain, ...ofReplies).execute(reply);
    // @ts-expect-error the policies of the list take no texts
    void pipeline(plain, ...ofReplies).execute(() => 'text');
    const either = retry5xx as Policy<Reply> | Policy<unknown, null>;
    expectTypeOf(pipeline(either)).toEqualTypeOf<PipelinePolicy<Reply, null>>();
    // @ts-expect-error it may be the one that takes no texts
    void pipeline(either).execute(() => 'text');
  });

  it('is a policy where one of its kind is asked for, and only there', () => {
    const any: Policy = pipeline(timeout, plain);
    const mayBeNull: Policy<unknown, null> = pipeline(orNull);
    const ofReplies: Policy<Reply> = pipeline(timeout, retry5xx);
    // What takes anything takes replies.
    const narrowed: Policy<Reply> = any;
    // @ts-expect-error what takes only replies does not take anything
    const widened: Policy = ofReplies;
    // @ts-expect-error what may answer null is none that never does
    const certain: Policy = mayBeNull;
    void [narrowed, widened, certain];
  });
});

describe('wrap', () => {
  it('leaves the context out and keeps the arguments', () => {
    const call = wrap(timeout, (context, id: string, page: number) => {
      expectTypeOf(context).toEqualTypeOf<Context>();
      return `${id}${page}`;
    });
    expectTypeOf(call).toEqualTypeOf<(id: string, page: number) => Promise<string>>();
    // @ts-expect-error an argument is missing
    void call('id');
    // @ts-expect-error an argument of the wrong type
    void call('id', 'page');
  });

  it('keeps optional and rest arguments', () => {
    const optional = wrap(timeout, (_, id: string, page?: number) => ({ id, page }));
    expectTypeOf(optional).parameters.toEqualTypeOf<[id: string, page?: number | undefined]>();
    void optional('id');
    const rest = wrap(timeout, (_, first: string, ...more: readonly number[]) => first + more.length);
    expectTypeOf(rest).parameters.toEqualTypeOf<[first: string, ...more: number[]]>();
    const byDefault = wrap(timeout, (_, id: string, page: number = 1) => id + page);
    expectTypeOf(byDefault).parameters.toEqualTypeOf<[id: string, page?: number | undefined]>();
    const declared = (_: Context, page = 1): number => page;
    expectTypeOf(wrap(timeout, declared)).parameters.toEqualTypeOf<[page?: number | undefined]>();
    // Where it has no type of its own, the compiler asks `wrap` for one before it looks at the default.
    const asked = wrap(timeout, (_, page = 1) => page);
    expectTypeOf(asked).parameters.toEqualTypeOf<[page?: unknown]>();
    const none = wrap(timeout, reply);
    expectTypeOf(none).toEqualTypeOf<() => Promise<Reply>>();
  });

  it('keeps generics as wide as they are declared', () => {
    const generic = wrap(timeout, <T extends string | number>(_: Context, value: T): T => value);
    expectTypeOf(generic('x')).toExtend<Promise<string | number>>();
    // @ts-expect-error beyond the bound of the generic
    void generic(true);
  });

  it('unites the answer with those of the policy', () => {
    const call = wrap(pipeline(orNull, retry5xx, timeout), async (_, status: number) => ({ status }));
    expectTypeOf(call).toEqualTypeOf<(status: number) => Promise<{ status: number } | null>>();
    expectTypeOf(wrap(new OrElse('none'), () => 7)).returns.resolves.toEqualTypeOf<number | string>();
    expectTypeOf(wrap(new Counted(), () => 7)).returns.resolves.toEqualTypeOf<number>();
  });

  it('takes no operation whose answer the policy does not take', () => {
    void wrap(retry5xx, reply);
    // @ts-expect-error a text is no Reply
    void wrap(retry5xx, () => 'text');
    // @ts-expect-error a guard alone runs nothing: put it into a pipeline
    void wrap(new Door(), reply);
  });
});
