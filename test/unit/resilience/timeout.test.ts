import { describe, expect, it } from 'vitest';
import { Timeout } from '../../../src/resilience/timeout.js';

describe('Timeout', () => {
  it('answers with the value of the operation', async () => {
    await expect(new Timeout({ timeoutMs: 50 }).execute(() => 7)).resolves.toBe(7);
  });

  it('fails with TimeoutError on the system clock and aborts the signal', async () => {
    let signal: AbortSignal | undefined;
    const timeout = new Timeout({ timeoutMs: 15 });
    const call = timeout.execute(context => {
      signal = context.signal;
      return new Promise(() => {});
    });
    await expect(call).rejects.toMatchObject({ code: 'ERR_TIMEOUT', timeoutMs: 15 });
    expect(signal?.aborted).toBe(true);
  });
});
