import type { Clock } from './clock.js';
import { CallContext, type CallOptions, type Context, RootContext } from './context.js';
import { checkKeys, checkNumber, refuse } from './options.js';

const known = ['signal', 'timeoutMs', 'key', 'idempotencyKey', 'priority', 'attributes'];

function checkString(option: 'key' | 'idempotencyKey', value: unknown): void {
  if (value !== undefined && typeof value !== 'string') refuse('call options', option, 'a string', value);
}

function checkOptions(options: CallOptions): void {
  const owner = 'call options';
  checkKeys(owner, options, known);
  const { signal, timeoutMs, priority } = options;
  if (signal !== undefined && typeof (signal as AbortSignal | null)?.addEventListener !== 'function') {
    refuse(owner, 'signal', 'an AbortSignal', signal);
  }
  if (timeoutMs !== undefined) checkNumber(owner, 'timeoutMs', timeoutMs, { min: 0, infinity: true });
  if (priority !== undefined) checkNumber(owner, 'priority', priority, {});
  checkString('key', options.key);
  checkString('idempotencyKey', options.idempotencyKey);
}

/** The context of calls that were made without options: it can be shared by all of them. */
export function backgroundContext(clock: Clock): CallContext {
  return new RootContext(clock, {}, Infinity, 1);
}

/**
 * The context for what a caller passed: a context of this package becomes the parent, anything else is checked
 * and copied, so that a later change of the caller's object changes nothing.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 */
export function contextOf(options: CallOptions | Context, clock: Clock): CallContext {
  if (options instanceof CallContext) return options;
  const foreign = typeof options === 'object' && options !== null && 'remainingMs' in options;
  const given = foreign ? adopt(options) : options;
  checkOptions(given);
  const { timeoutMs = Infinity, ...rest } = given;
  const deadline = timeoutMs < Infinity ? clock.now() + timeoutMs : Infinity;
  return new RootContext(clock, rest, deadline, foreign ? options.attempt : 1);
}

/** A context of another copy of the package: its facts, its signal, and what is left of its deadline. */
function adopt(context: Context): CallOptions {
  const { signal, key, idempotencyKey, priority, attributes } = context;
  return { signal, key, idempotencyKey, priority, attributes, timeoutMs: context.remainingMs() };
}
