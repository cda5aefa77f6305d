import { type Backoff, longestBackoffMs } from '../core/backoff.js';
import { checkKeys, checkNumber, checkOneOf, refuse } from '../kernel/options.js';

const JITTERS = ['none', 'full', 'equal', 'decorrelated'] as const;
const KEYS = {
  constant: ['kind', 'delayMs', 'jitter'],
  linear: ['kind', 'initialMs', 'stepMs', 'maxMs', 'jitter'],
  exponential: ['kind', 'initialMs', 'factor', 'maxMs', 'jitter'],
} as const;

const ms = { min: 0, max: Number.MAX_SAFE_INTEGER } as const;

/** Checks a backoff schedule and returns a copy that nobody can change. */
export function checkBackoff(owner: string, backoff: Backoff): Backoff {
  if (typeof backoff !== 'object' || backoff === null) refuse(owner, 'backoff', 'an object', backoff);
  checkOneOf(owner, 'backoff.kind', backoff.kind, ['constant', 'linear', 'exponential']);
  checkKeys(`${owner}: \`backoff\``, backoff, KEYS[backoff.kind]);
  const { jitter } = backoff;
  if (jitter !== undefined) checkOneOf(owner, 'backoff.jitter', jitter, JITTERS);
  if (jitter === 'decorrelated' && (backoff.kind !== 'exponential' || backoff.factor !== undefined)) {
    refuse(
      owner,
      'backoff.jitter',
      "'decorrelated' only of an exponential schedule without a factor",
      jitter,
    );
  }
  if (backoff.kind === 'constant') {
    checkNumber(owner, 'backoff.delayMs', backoff.delayMs, ms);
  } else {
    checkNumber(owner, 'backoff.initialMs', backoff.initialMs, ms);
    const { maxMs = longestBackoffMs(backoff) } = backoff;
    checkNumber(owner, 'backoff.maxMs', maxMs, { ...ms, min: backoff.initialMs });
  }
  if (backoff.kind === 'linear' && backoff.stepMs !== undefined) {
    checkNumber(owner, 'backoff.stepMs', backoff.stepMs, ms);
  }
  if (backoff.kind === 'exponential' && backoff.factor !== undefined) {
    checkNumber(owner, 'backoff.factor', backoff.factor, { min: 1 });
  }
  return Object.freeze({ ...backoff });
}
