import type { Clock } from './clock.js';
import { CallContext, type CallOptions, type Context, RootContext } from './context.js';
import { checkFlag, checkKeys, checkNumber, refuse } from './options.js';

const owner = 'call options';
const known = ['signal', 'timeoutMs', 'key', 'idempotencyKey', 'idempotent', 'priority', 'attributes'];

function checkString(option: 'key' | 'idempotencyKey', value: unknown): void {
  if (value !== undefined && typeof value !== 'string') refuse(owner, option, 'a string', value);
}

function checkOptions(options: CallOptions): void {
  const { signal, timeoutMs, idempotent, priority, attributes } = options;
  if (signal !== undefined && typeof (signal as AbortSignal | null)?.removeEventListener !== 'function') {
    refuse(owner, 'signal', 'an AbortSignal', signal);
  }
  if (timeoutMs !== undefined) checkNumber(owner, 'timeoutMs', timeoutMs, { min: 0, infinity: true });
  if (idempotent !== undefined) checkFlag(owner, 'idempotent', idempotent);
  if (priority !== undefined) checkNumber(owner, 'priority', priority, {});
  if (attributes !== undefined && (typeof attributes !== 'object' || attributes === null)) {
    refuse(owner, 'attributes', 'an object', attributes);
  }
  checkString('key', options.key);
  checkString('idempotencyKey', options.idempotencyKey);
}

/** What is thrown at a caller whose operation is no function. */
export function noOperation(owner: string, operation: unknown): TypeError {
  return new TypeError(`${owner}: the operation must be a function, got ${typeof operation}`);
}

/** What callers say who say nothing: one for all policies, each of which keeps it. */
const nothingSaid: CallOptions = /* @__PURE__ */ Object.freeze({});

/** The context of calls that were made without options: it can be shared by all of them. */
export function backgroundContext(clock: Clock): CallContext {
  return new RootContext(clock, nothingSaid, Infinity, 1);
}

/**
 * The context for what a caller passed: a context of this package becomes the parent, anything else is
 * checked and copied, so that a later change of the caller's object changes nothing.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 */
export function contextOf(options: CallOptions | Context, clock: Clock): CallContext {
  if (options instanceof CallContext) return options;
  const foreign = typeof options === 'object' && options !== null && 'remainingMs' in options;
  // One who forgets the braces around it would never be heard.
  if (options instanceof EventTarget) refuse(owner, 'options', 'an object such as { signal }', options);
  if (!foreign) checkKeys(owner, options, known);
  // Copied first and checked then: a getter is asked once, and what is inherited counts as well.
  const given = copyOf(options, foreign ? options.remainingMs() : (options as CallOptions).timeoutMs);
  checkOptions(given);
  const { timeoutMs = Infinity } = given;
  const deadline = timeoutMs < Infinity ? clock.now() + timeoutMs : Infinity;
  return new RootContext(clock, given, deadline, foreign ? options.attempt : 1);
}

/**
 * What a caller said; of a context of another copy of the package its facts, and what is left of its
 * deadline.
 */
function copyOf(from: CallOptions | Context, timeoutMs: number | undefined): CallOptions {
  const { signal, key, idempotencyKey, idempotent, priority, attributes } = from;
  return { signal, timeoutMs, key, idempotencyKey, idempotent, priority, attributes };
}
