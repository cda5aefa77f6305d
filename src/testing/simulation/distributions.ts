import { checkNumber, refuse } from '../../kernel/options.js';

/** Draws a span, in ms, with chance from `random`: of a service, or between two arrivals. */
export type Distribution = (random: () => number) => number;

/**
 * Every span is the same.
 *
 * @throws RangeError unless `ms` is a number >= 0.
 */
export function constant(ms: number): Distribution {
  checkNumber('constant', 'ms', ms, { min: 0 });
  return () => ms;
}

/**
 * All spans from `minMs` to `maxMs` are as likely.
 *
 * @throws RangeError unless 0 <= `minMs` <= `maxMs`.
 */
export function uniform(minMs: number, maxMs: number): Distribution {
  checkNumber('uniform', 'minMs', minMs, { min: 0 });
  checkNumber('uniform', 'maxMs', maxMs, { min: minMs });
  return random => minMs + (maxMs - minMs) * random();
}

/**
 * Spans without memory: those of a queue in a textbook, and those between calls that know nothing of each
 * other.
 *
 * @throws RangeError unless `meanMs` is a number > 0.
 */
export function exponential(meanMs: number): Distribution {
  checkNumber('exponential', 'meanMs', meanMs, { above: 0 });
  // 1 - random() is never 0, whose logarithm would be an endless span.
  return random => -meanMs * Math.log(1 - random());
}

/** How many standard deviations above the median the 99th percentile of a normal distribution is. */
const Z99 = 2.326_347_874;

/**
 * Spans whose logarithm is normal, as those of many remote calls are: half take up to `medianMs`, one in a
 * hundred takes longer than `p99Ms`. The deviate is that of Box and Muller (1958).
 *
 * @throws RangeError unless 0 < `medianMs` <= `p99Ms`.
 */
export function logNormal({ medianMs, p99Ms }: { medianMs: number; p99Ms: number }): Distribution {
  checkNumber('logNormal', 'medianMs', medianMs, { above: 0 });
  checkNumber('logNormal', 'p99Ms', p99Ms, { min: medianMs });
  const sigma = Math.log(p99Ms / medianMs) / Z99;
  return random => {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    return medianMs * Math.exp(sigma * radius * Math.cos(2 * Math.PI * random()));
  };
}

/**
 * A heavy tail: a span longer than x has the probability `(minMs / x) ** shape`. Its mean is
 * `minMs * shape / (shape - 1)`, and without end for a `shape` of 1 or less.
 *
 * @throws RangeError unless both are numbers > 0.
 */
export function pareto({ minMs, shape }: { minMs: number; shape: number }): Distribution {
  checkNumber('pareto', 'minMs', minMs, { above: 0 });
  checkNumber('pareto', 'shape', shape, { above: 0 });
  return random => minMs / (1 - random()) ** (1 / shape);
}

/**
 * One of several distributions, each with the probability of its weight: a cache in front of something slow
 * is `mixture([[9, constant(2)], [1, exponential(50)]])`.
 *
 * @throws RangeError unless there is a part and every weight is a number > 0.
 */
export function mixture(parts: readonly (readonly [weight: number, of: Distribution])[]): Distribution {
  if (parts.length === 0) refuse('mixture', 'parts', 'an array of at least one part', parts);
  let total = 0;
  const steps = parts.map(([weight, of]) => {
    checkNumber('mixture', 'weight', weight, { above: 0 });
    if (typeof of !== 'function') refuse('mixture', 'of', 'a distribution', of);
    total += weight;
    return { upTo: total, of };
  });
  return random => {
    const at = random() * total;
    // A rounding at the end belongs to the last.
    const { of } = steps.find(({ upTo }) => at < upTo) ?? steps.at(-1)!;
    return of(random);
  };
}
