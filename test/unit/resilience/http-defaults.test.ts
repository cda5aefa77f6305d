import { describe, expect, it } from 'vitest';
import { httpDefaults } from '../../../src/resilience/http-defaults.js';
import { resilientFetch } from '../../../src/resilience/resilient-fetch.js';
import { RetryBudget } from '../../../src/resilience/retry-budget.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const unnamed = (described: { pipeline: readonly unknown[] }) =>
  JSON.parse(JSON.stringify(described.pipeline), (key, value: unknown) =>
    key === 'name' ? '' : value,
  ) as unknown;
const kinds = (described: { pipeline: readonly unknown[] }) =>
  (described.pipeline as readonly { kind: string }[]).map(({ kind }) => kind);

describe('httpDefaults', () => {
  it('has the values of resilientFetch', () => {
    const { pipeline } = resilientFetch().describe();
    // It has a breaker for each origin.
    const parts = pipeline.map(part => (part as { policy?: unknown }).policy ?? part);
    expect(unnamed(httpDefaults().describe())).toEqual(unnamed({ pipeline: parts }));
  });

  it('repeats transient statuses after the time that the server asks for', async () => {
    const clock = new VirtualClock();
    const statuses = [503, 429, 200];
    const call = httpDefaults({ clock }).execute(({ attempt }) => {
      const headers = attempt === 1 ? { 'retry-after': '2' } : { 'retry-after': '3' };
      return new Response('', { status: statuses[attempt - 1]!, headers });
    });
    const response = await clock.runUntil(call);
    expect([response.status, clock.now()]).toEqual([200, 5_000]);
  });

  it('repeats nothing that must not happen twice', async () => {
    const once = httpDefaults({ retry: false });
    expect(kinds(once.describe())).toEqual(['timeout', 'circuit-breaker', 'timeout']);
    let ran = 0;
    await once.execute(() => new Response(String(++ran), { status: 503 }));
    expect(ran).toBe(1);
  });

  it('opens its breaker for transient statuses, and for no others', async () => {
    const made = httpDefaults({ retry: false, breaker: { consecutiveFailures: 2 } });
    const call = (status: number) => made.execute(() => new Response('', { status }));
    for (const status of [404, 503, 501, 503]) await call(status);
    await expect(call(503)).resolves.toHaveProperty('status', 503);
    await expect(call(200)).rejects.toHaveProperty('code', 'ERR_CIRCUIT_OPEN');
  });

  it('takes what is given instead, and names all after the remote', () => {
    const budget = new RetryBudget({ name: 'shared' });
    const made = httpDefaults({
      name: 'stock',
      timeoutMs: 5_000,
      attemptTimeoutMs: 1_000,
      retry: { attempts: 2, budget },
      breaker: false,
      bulkhead: { slots: 5 },
    });
    expect(made.describe()).toMatchObject({
      pipeline: [
        { name: 'stock timeout', timeoutMs: 5_000 },
        { name: 'stock retry', attempts: 2, budget: { name: 'shared' } },
        { name: 'stock attempt timeout', timeoutMs: 1_000 },
        { name: 'stock bulkhead', slots: 5 },
      ],
    });
  });

  it.each<[object, string]>([
    [{ timeout: 5 }, 'httpDefaults: unknown option `timeout`'],
    [{ timeoutMs: -1 }, '`timeoutMs` must be a number > 0'],
    [{ name: 5 }, 'httpDefaults: `name` must be a string, got 5'],
    [{ bulkhead: {} }, 'Bulkhead: `slots` must be'],
    [{ retry: { attempts: 0 } }, 'Retry: `attempts` must be'],
    [{ breaker: { probes: 0 } }, 'CircuitBreaker: `probes` must be'],
  ])('refuses %j', (options, message) => expect(() => httpDefaults(options)).toThrow(message));
});
