import { checkKeys, checkNumber, checkOneOf, refuse } from '../kernel/options.js';
import { checkText, LONGEST_SAID } from './check-input.js';
import { type ListOptions, runKeys } from './orchestrator-options.js';
import { SagaRefusedError } from './saga-errors.js';
import type { SagaQuery, SagaRecord, SignalTarget } from './saga-store.js';

/** @throws TypeError when it is neither an id nor a definition and a key. */
export function checkAddress(verb: string, saga: unknown): SignalTarget {
  if (typeof saga === 'string') return { id: checkText(verb, 'saga', saga, LONGEST_SAID) };
  const { definition, key } = Object(saga) as Partial<Record<string, unknown>>;
  return { definition: checkText(verb, 'definition', definition), key: checkText(verb, 'key', key) };
}

const statuses: readonly SagaRecord['status'][] = [
  ...(['running', 'waiting', 'compensating', 'parked', 'completed', 'compensated'] as const),
];

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkList(options: ListOptions): SagaQuery {
  checkKeys('list', options, ['definition', 'status', 'after', 'limit']);
  const { limit = 100, definition, status, after } = options;
  if (definition !== undefined) checkText('list', 'definition', definition);
  if (status !== undefined) checkOneOf('list', 'status', status, statuses);
  if (after !== undefined && typeof after !== 'string') refuse('list', 'after', 'an id', after);
  checkNumber('list', 'limit', limit, { min: 1, max: 10_000, integer: true });
  return { definition, status, after, limit };
}

/** @throws TypeError when it is no signal. */
export function checkSignal(verb: string, signal: unknown): void {
  const isSignal = typeof (signal as AbortSignal | null)?.throwIfAborted === 'function';
  if (signal !== undefined && !isSignal) refuse(verb, 'signal', 'an AbortSignal', signal);
}

/** @throws TypeError that names the option, the rule and the value. */
export function checkRun(options: { readonly signal?: AbortSignal }): void {
  checkKeys('run', options, runKeys);
  checkSignal('run', options.signal);
}

/** @throws TypeError or RangeError that names the argument, the rule and the value. */
export function checkPurge(ageMs: number, limit: number): void {
  checkNumber('purge', 'ageMs', ageMs, { min: 0 });
  checkNumber('purge', 'limit', limit, { min: 1, integer: true });
}

/** @throws TypeError when one of them is no text, or an empty one. */
export function checkRequest(verb: string, id: unknown, reason: unknown): void {
  checkText(verb, 'id', id, LONGEST_SAID);
  checkText(verb, 'reason', reason, LONGEST_SAID);
}

/** @throws `ERR_SAGA_REFUSED`, unless what was asked for is so, or it is over. */
export function refuseCancel(id: string, record: SagaRecord | undefined): void {
  if (record?.state.direction === 'backward' || record?.status === 'completed') return;
  const parked = record?.status === 'parked';
  const why = parked ? 'is parked: see `forceCompensate`' : 'cannot be undone any more';
  throw new SagaRefusedError(`cancel: the saga ${id} ${why}`);
}
