import { type Backoff, backoffMs } from '../core/backoff.js';
import {
  are,
  areStreamsTimed,
  attemptsOf,
  inForce,
  inside,
  type LintHit,
  type LintPart,
  type LintRule,
  limit,
  memories,
  outside,
  type Parts,
  repeaters,
  shortest,
} from './lint-parts.js';
import { notFirst, sharedStream, sharedTwice } from './lint-sharing.js';

/** The waits between the attempts of a retry when chance is against it. */
function waitsMs({ told }: LintPart, attempts: number): number {
  let sum = 0;
  let previousMs = 0;
  // Nobody who makes more attempts than these means to make them all within a timeout.
  for (let attempt = 1; attempt < Math.min(attempts, 1_000); attempt++) {
    previousMs = backoffMs(told['backoff'] as Backoff, attempt, previousMs, 1);
    sum += previousMs;
  }
  return sum;
}

/** Says the same of each part that has one of `kinds` outside it and one is too many. */
function misplaced(parts: Parts, inner: Parts, kinds: readonly string[], message: string): LintHit[] {
  return inner.flatMap(part => {
    const [other] = are(inside(parts, part), ...kinds);
    return other === undefined ? [] : [{ part, message: message.replace('%', () => `'${other.name}'`) }];
  });
}

function notIdempotent(parts: Parts): LintHit[] {
  return are(parts, ...repeaters).flatMap(part => {
    const { idempotent } = part.told;
    if (idempotent === true || attemptsOf(part) === 1) return [];
    // A hedge may be told so by each call, and leaves the others alone.
    if (idempotent === false && part.kind === 'retry') {
      return [
        {
          part,
          message: 'repeats what must not happen twice: take the retry away',
          severity: 'error',
        },
      ];
    }
    const message = 'repeats calls of which nobody said that they may happen twice: ';
    return [{ part, message: `${message}say \`idempotent: true\`, or keep writes out of it` }];
  });
}

function nestedRepeats(parts: Parts): LintHit[] {
  const found = are(parts, ...repeaters).filter(part => attemptsOf(part) > 1);
  const part = found.at(-1);
  if (part === undefined || found.length < 2) return [];
  const product = found.map(attemptsOf).reduce((a, b) => a * b);
  const sum = found.map(one => (attemptsOf(one) === Infinity ? '∞' : attemptsOf(one))).join(' × ');
  const total = product === Infinity ? 'any number of' : product;
  return [
    { part, message: `makes ${sum} = ${total} attempts of one call: repeat in one place, near the remote` },
  ];
}

function attemptsExceedTotal(parts: Parts): LintHit[] {
  return are(parts, 'retry').flatMap(part => {
    const attempts = attemptsOf(part);
    const totalMs = shortest(are(outside(parts, part), 'timeout'));
    const attemptMs = shortest(are(inside(parts, part), 'timeout'));
    if (attempts === Infinity || totalMs === Infinity || attemptMs === Infinity) return [];
    const neededMs = Math.ceil(attempts * attemptMs + waitsMs(part, attempts));
    if (neededMs <= totalMs) return [];
    const sum = `${attempts} attempts of ${attemptMs} ms and the waits between take up to ${neededMs} ms`;
    const advice = 'shorten the attempts or the backoff, or make fewer';
    return [{ part, message: `${sum}, but the timeout outside is ${totalMs} ms: ${advice}` }];
  });
}

function noAttemptTimeout(parts: Parts): LintHit[] {
  const message = 'one attempt that hangs takes the time of all: put a timeout inside';
  return are(parts, 'retry')
    .filter(part => shortest(are(inside(parts, part), 'timeout')) === Infinity && !areStreamsTimed(parts))
    .map(part => ({ part, message }));
}

function timeoutNeverFires(parts: Parts): LintHit[] {
  return are(parts, 'timeout').flatMap(part => {
    const ownMs = limit(part, 'timeoutMs') ?? Infinity;
    const aroundMs = shortest(are(outside(parts, part), 'timeout'));
    if (ownMs === Infinity || ownMs < aroundMs) return [];
    const message = `can never fire: the timeout outside ends the call after ${aroundMs} ms`;
    return [{ part, message: `${message}; make this one shorter or take it away` }];
  });
}

function breakerSeesNothing(parts: Parts): LintHit[] {
  return are(parts, 'circuit-breaker').flatMap(part => {
    if (part.told['mode'] === 'disabled')
      return [{ part, message: "counts no call: set `mode` to 'enforce'" }];
    const [answer] = are(inside(parts, part), 'fallback');
    if (answer === undefined) return [];
    return [
      { part, message: `sees the answers of '${answer.name}' and no failure: put the fallback outside` },
    ];
  });
}

function breakerInsideTimeout(parts: Parts): LintHit[] {
  return are(parts, 'circuit-breaker').flatMap(part => {
    const isTimed = inForce(are(inside(parts, part), 'timeout')).length > 0 || areStreamsTimed(parts);
    if (isTimed || shortest(are(outside(parts, part), 'timeout')) === Infinity) return [];
    const message =
      'does not hear of a timeout before the operation has ended, which one that hangs never does';
    return [{ part, message: `${message}: put a timeout inside` }];
  });
}

function chaosNotInnermost(parts: Parts): LintHit[] {
  return are(parts, 'chaos').flatMap(part => {
    const other = inside(parts, part).find(({ kind }) => kind !== 'chaos');
    if (other === undefined) return [];
    return [{ part, message: `'${other.name}' inside is not put to the test: put the chaos innermost` }];
  });
}

/** Whoever waits in line there has started an attempt, whose time runs. */
function limiterInsideRepeats(parts: Parts): LintHit[] {
  return are(parts, 'rate-limiter', 'shared-rate-limiter').flatMap(part => {
    const other = are(outside(parts, part), ...repeaters).find(one => attemptsOf(one) > 1);
    if (other === undefined || (limit(part, 'maxWaitMs') ?? 0) === 0) return [];
    const message = `lets each attempt of '${other.name}' wait in line anew`;
    return [{ part, message: `${message}: put it outside, or let nobody wait` }];
  });
}

function hedgeTooLate(parts: Parts): LintHit[] {
  return are(parts, 'hedge').flatMap(part => {
    const delayMs = limit(part, 'delayMs') ?? 0;
    const totalMs = shortest(are(outside(parts, part), 'timeout'));
    // Without a delay, failures start it.
    if (delayMs === Infinity || delayMs < totalMs) return [];
    const message = `waits ${delayMs} ms, but the timeout outside ends the call after ${totalMs} ms`;
    return [{ part, message: `${message}: shorten the delay` }];
  });
}

function chaosUnbounded(parts: Parts): LintHit[] {
  const message = 'may hurt all calls: set `maxAffectedRatio`, or choose the victims with `enabled`';
  return are(parts, 'chaos')
    .filter(({ told }) => told['enabled'] === true && told['maxAffectedRatio'] === 1)
    .filter(({ told }) =>
      ['faultRatio', 'latencyRatio', 'outcomeRatio', 'truncateRatio'].some(ratio => Number(told[ratio]) > 0),
    )
    .map(part => ({ part, message }));
}

function withoutBudget(parts: Parts, kind: string): LintHit[] {
  return are(parts, kind)
    .filter(part => attemptsOf(part) > 1 && part.told['budget'] === undefined)
    .map(part => ({ part, message: noBudget }));
}

const noBudget =
  'when all calls fail it multiplies the load: give it a RetryBudget, shared by all who call there';

/** The rules, in the order in which they are told. */
export const lintRules: readonly LintRule[] = [
  { rule: 'not-idempotent', severity: 'warning', check: notIdempotent },
  { rule: 'nested-repeats', severity: 'warning', check: nestedRepeats },
  {
    rule: 'retry-without-budget',
    severity: 'info',
    check: parts => withoutBudget(parts, 'retry'),
  },
  { rule: 'hedge-without-budget', severity: 'info', check: parts => withoutBudget(parts, 'hedge') },
  { rule: 'hedge-too-late', severity: 'warning', check: hedgeTooLate },
  { rule: 'no-attempt-timeout', severity: 'warning', check: noAttemptTimeout },
  { rule: 'attempts-exceed-total', severity: 'warning', check: attemptsExceedTotal },
  { rule: 'timeout-never-fires', severity: 'warning', check: timeoutNeverFires },
  {
    rule: 'breaker-outside-retry',
    severity: 'warning',
    check: parts =>
      misplaced(
        parts,
        are(parts, 'circuit-breaker'),
        ['retry'],
        'counts the attempts of % as one, and cannot stop the next: put it inside',
      ),
  },
  {
    rule: 'breaker-outside-hedge',
    severity: 'warning',
    check: parts =>
      misplaced(
        parts,
        are(parts, 'circuit-breaker'),
        ['hedge'],
        'sees the winner of % and none of the attempts that were slow or failed: put it inside',
      ),
  },
  {
    rule: 'throttle-outside-retry',
    severity: 'warning',
    check: parts =>
      misplaced(
        parts,
        are(parts, 'adaptive-throttle'),
        ['retry'],
        'counts the attempts of % as one, and spares the remote none of them: put it inside',
      ),
  },
  { rule: 'breaker-sees-nothing', severity: 'error', check: breakerSeesNothing },
  { rule: 'breaker-inside-timeout', severity: 'warning', check: breakerInsideTimeout },
  {
    rule: 'bulkhead-outside-retry',
    severity: 'warning',
    check: parts =>
      misplaced(
        parts,
        are(parts, 'bulkhead'),
        ['retry'],
        'holds a slot while % waits between attempts: put it inside',
      ),
  },
  { rule: 'limiter-inside-repeats', severity: 'warning', check: limiterInsideRepeats },
  {
    rule: 'fallback-not-outermost',
    severity: 'warning',
    check: parts =>
      notFirst(
        parts,
        ['fallback'],
        ['fallback', ...memories],
        'does not answer for what % gives up on: put it outermost',
      ),
  },
  {
    rule: 'cache-not-outermost',
    severity: 'warning',
    check: parts =>
      notFirst(
        parts,
        memories,
        ['fallback', ...memories],
        'what it knows has to pass % first: put it outermost, inside a fallback only',
      ),
  },
  { rule: 'shared-stream', severity: 'error', check: sharedStream },
  { rule: 'shared-twice', severity: 'info', check: sharedTwice },
  { rule: 'chaos-not-innermost', severity: 'warning', check: chaosNotInnermost },
  { rule: 'chaos-unbounded', severity: 'info', check: chaosUnbounded },
];
