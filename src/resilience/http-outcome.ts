import { httpDateMs, retryAfterMs } from '../core/retry-after.js';
import type { Clock } from '../kernel/clock.js';
import type { Outcome } from '../kernel/outcome.js';

/** A body is read to its end, so that its connection can be used again, up to these. */
export const DRAIN_BYTES = 65_536;
export const DRAIN_MS = 1_000;

/**
 * Whether a status says that the same request may well succeed later: 408, 425, 429, and 5xx but for 501 and
 * 505, which say what the server will never do.
 */
export function isTransientStatus(status: number): boolean {
  if (status >= 500) return status !== 501 && status !== 505;
  return status === 408 || status === 425 || status === 429;
}

/** The ms that an answer asks to wait: see {@link askedBy}. */
export function askedMs(outcome: Outcome<Response>, clock: Clock): number | undefined {
  if (!outcome.ok) return undefined;
  const { status, headers } = outcome.value;
  return askedBy(status, name => headers.get(name), clock);
}

/**
 * The ms that a 429 or 503 asks to wait by `Retry-After`. A date is taken relative to the server's own `Date`
 * where it sends one, for its clock need not be ours.
 */
export function askedBy(
  status: number,
  field: (name: 'date' | 'retry-after') => string | null | undefined,
  clock: Clock,
): number | undefined {
  if (status !== 429 && status !== 503) return undefined;
  const wall = clock.wall();
  const served = httpDateMs(field('date') ?? '', wall);
  const now = Number.isNaN(served) ? wall : served;
  return retryAfterMs(field('retry-after'), now, Number.MAX_SAFE_INTEGER);
}

/**
 * Frees the connection of a response that nobody will read: a small body is read, a large or slow one cut
 * off.
 */
export async function drain(response: Response, clock: Clock): Promise<void> {
  if (response.body === null || response.bodyUsed) return;
  const reader = response.body.getReader();
  const cancel = (): Promise<void> => reader.cancel().catch(() => {});
  if (Number(response.headers.get('content-length')) > DRAIN_BYTES) return cancel();
  const timer = clock.schedule(DRAIN_MS, () => void cancel());
  try {
    for (let bytes = 0; bytes <= DRAIN_BYTES; ) {
      const { done, value } = await reader.read();
      if (done) return;
      bytes += value.byteLength;
    }
    await cancel();
  } catch {
    // The connection broke: it is free as well.
  } finally {
    timer.cancel();
  }
}
