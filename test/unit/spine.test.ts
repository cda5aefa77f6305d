import { describe, expect, it } from 'vitest';
import { type Context, type Operation, type Policy, pipeline, Timeout, wrap } from '../../src/index.js';
import { Cancellation } from '../../src/kernel/cancellation.js';
import { CallContext } from '../../src/kernel/context.js';

// What later rooms need of the kernel, written down as the least that would do: if one of these becomes hard to
// write, the kernel is wrong and not the room.

interface Step<In, Out> {
  readonly name: string;
  readonly forward: (context: Context, input: In) => Promise<Out>;
  readonly policy?: Policy;
}

function runStep<In, Out>(sagaId: string, step: Step<In, Out>, input: In): Promise<Out> {
  const idempotencyKey = `${sagaId}:${step.name}:forward`;
  const policy = step.policy ?? pipeline();
  return policy.execute(context => step.forward(context, input), { idempotencyKey, key: sagaId });
}

interface Message {
  readonly id: string;
  readonly key: string;
  readonly deadlineMs: number;
  readonly body: unknown;
}

function consumer(policy: Policy, handle: (context: Context, body: unknown) => Promise<void>) {
  return (message: Message, closing: AbortSignal): Promise<'ack' | 'nack'> =>
    policy
      .execute(context => handle(context, message.body), {
        key: message.key,
        idempotencyKey: message.id,
        timeoutMs: message.deadlineMs,
        signal: closing,
      })
      .then(
        () => 'ack' as const,
        () => 'nack' as const,
      );
}

interface Route {
  readonly policy: Policy<Response, Response>;
  readonly handle: (context: Context, request: Request) => Promise<Response>;
}

const answer = (route: Route, request: Request): Promise<Response> =>
  route.policy.execute(context => route.handle(context, request), { signal: request.signal });

/** A context for one of two attempts that run at a time: it can be given up alone. */
class HedgedAttempt extends CallContext {
  readonly #attempt: number;
  readonly own: Cancellation = new Cancellation();

  constructor(parent: CallContext, attempt: number) {
    super(parent);
    this.#attempt = attempt;
    this.own.link(parent, () => this.own.give(parent.reason));
  }

  override get attempt(): number {
    return this.#attempt;
  }

  override get signal(): AbortSignal {
    return this.own.signal;
  }
}

function hedged<T>(operation: Operation<T>): Operation<T> {
  return async context => {
    const attempts = [1, 2].map(attempt => new HedgedAttempt(context as CallContext, attempt));
    const runs = attempts.map(async attempt => ({ attempt, value: await operation(attempt) }));
    const winner = await Promise.any(runs);
    for (const { own } of attempts.filter(attempt => attempt !== winner.attempt)) own.give('lost');
    for (const { own } of attempts) own.unlink();
    return winner.value;
  };
}

describe('the spine', () => {
  it('carries a saga step', async () => {
    const reserve: Step<{ sku: string }, string> = {
      name: 'reserve',
      policy: new Timeout({ timeoutMs: 1_000 }),
      forward: async (context, { sku }) => `${sku} ${context.idempotencyKey}`,
    };
    await expect(runStep('saga-1', reserve, { sku: 'tea' })).resolves.toBe('tea saga-1:reserve:forward');
  });

  it('carries a bus consumer', async () => {
    const seen: unknown[] = [];
    const deliver = consumer(new Timeout({ timeoutMs: 5_000 }), async (context, body) => {
      seen.push(context.key, context.idempotencyKey, context.remainingMs() <= 100, body);
    });
    const message = { id: 'm1', key: 'order-7', deadlineMs: 100, body: { total: 3 } };
    await expect(deliver(message, new AbortController().signal)).resolves.toBe('ack');
    expect(seen).toEqual(['order-7', 'm1', true, { total: 3 }]);
    await expect(deliver(message, AbortSignal.abort())).resolves.toBe('nack');
  });

  it('carries a gateway route', async () => {
    const route: Route = {
      policy: pipeline(new Timeout({ timeoutMs: 1_000 })),
      handle: async (_context, request) => new Response(new URL(request.url).pathname),
    };
    const response = await answer(route, new Request('http://localhost/orders'));
    await expect(response.text()).resolves.toBe('/orders');
  });

  it('carries a hedged call to two endpoints, and gives the loser up alone', async () => {
    const endpoints = ['slow', 'fast'];
    const lost: unknown[] = [];
    const call = wrap(new Timeout({ timeoutMs: 1_000 }), (context: Context, path: string) =>
      hedged(({ attempt, signal }) => {
        const endpoint = endpoints[attempt - 1]!;
        if (endpoint === 'fast') return `${endpoint}${path}`;
        return new Promise<string>((_, reject) =>
          signal.addEventListener('abort', () => {
            lost.push(signal.reason);
            reject(signal.reason);
          }),
        );
      })(context),
    );
    await expect(call('/stock')).resolves.toBe('fast/stock');
    expect(lost).toEqual(['lost']);
  });
});
