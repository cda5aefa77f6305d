import { type Variant, variantsOf } from './variant.js';

const core = 'unit/core';

export const breakerVariants: readonly Variant[] = [
  ...variantsOf('circuit', `${core}/circuit-half-open`, [
    [
      'no epoch: late results have a say',
      "if (permit.epoch !== epoch || state === 'disabled') return;",
      "if (state === 'disabled') return;",
    ],
    [
      'no lease: a hung probe keeps its place for ever',
      'if (leased ? age < probeLeaseMs : age <= slowMs) break;',
      'if (leased || age <= slowMs) break;',
    ],
    ['a lease ends too late', 'leased ? age < probeLeaseMs', 'leased ? age <= probeLeaseMs'],
    ['one probe too many', 'roster!.taken < this.rules.probes', 'roster!.taken <= this.rules.probes'],
    ['closes at the first good probe', 'passed >= rules.probesToClose', 'passed >= 1'],
    [
      'neutral probes count as good ones',
      'else if (!neutral) roster!.score(!failed && !slow);',
      'else roster!.score(!failed && !slow);',
    ],
    [
      'a spare attempt ends a break',
      "state === 'open' && !spare && !(now < until)",
      "state === 'open' && !(now < until)",
    ],
    ['a spare attempt is a probe', "state === 'half-open' && !spare &&", "state === 'half-open' &&"],
  ]),
  ...variantsOf('circuit', `${core}/circuit`, [
    ['a break is over one instant late', '!(now < until)', 'now > until'],
    ['breaks do not grow', 'const trips = decision.trips + 1;', 'const trips = 1;'],
    [
      'breaks never shrink again',
      "this.#become('closed', because, now);",
      "this.#become('closed', because, now, 0, decision.trips);",
    ],
  ]),
  ...variantsOf('circuit', `${core}/circuit-modes`, [
    [
      'observing lets calls through an isolated circuit',
      "state !== 'isolated' && this.rules.mode === 'observe'",
      "this.rules.mode === 'observe'",
    ],
  ]),
  ...variantsOf('circuit', `${core}/circuit-slow`, [
    ['what takes just as long as allowed is slow', 'took > this.rules.slowMs', 'took >= this.rules.slowMs'],
    ['overdue calls stay overdue', '      if (!followed) roster!.overdue--;\n', ''],
    ['overdue calls trip nothing', 'if (!leased) roster.overdue++;', ''],
  ]),
  ...variantsOf('circuit', `${core}/circuit-snapshot`, [
    [
      'the break stands still while the process is down',
      'const until = now - downtimeMs + Math.min(',
      'const until = now + Math.min(',
    ],
    [
      'a break of any length is restored',
      'Math.min(remainingMs, Math.max(maxOpenMs, maxRetryAfterMs))',
      'remainingMs',
    ],
  ]),
  ...variantsOf('circuit', `${core}/circuit`, [
    [
      'trips over what a rule that calls back has decided',
      'if (because === undefined || decision !== this.#decision) return;',
      'if (because === undefined) return;',
    ],
  ]),
  ...variantsOf('permit', `${core}/circuit-slow`, [
    ['a call leaves the roster twice', '    if (call.next === call) return false;\n', ''],
  ]),
  ...variantsOf('permit', `${core}/circuit-half-open`, [
    [
      'settled probes give their place away',
      'this.inFlight + this.overdue + this.passed + this.failed',
      'this.inFlight + this.overdue',
    ],
  ]),
  ...variantsOf('window', 'property/window', [
    ['the cursor is off by one', 'head + 1 === size ? 0', 'head === size ? 0'],
    [
      'what leaves the window stays counted',
      'this.failures += setBit(this.#words, head, failed);',
      'if (setBit(this.#words, head, failed) > 0) this.failures++;',
    ],
    [
      'slow calls share the bits of failures',
      'setBit(this.#words, half * WORD + head, slow)',
      'setBit(this.#words, head, slow)',
    ],
  ]),
  ...variantsOf('time-window', `${core}/time-window`, [
    [
      'one bucket moves for each call, however long the silence was',
      'const head = Math.floor(this.#phaseAt(now) / this.#ms);',
      'const head = Math.min(this.#head + 1, Math.floor(this.#phaseAt(now) / this.#ms));',
    ],
    ['a bucket too many', '<= head - this.#buckets', '< head - this.#buckets'],
  ]),
  ...variantsOf('trip-rule', `${core}/trip-rule`, [
    ['judges one call too late', 'calls >= rules.minCalls &&', 'calls > rules.minCalls &&'],
    [
      'multiplies ratios instead of dividing',
      'failures / calls >= rules.failureRatio',
      'failures >= rules.failureRatio * calls',
    ],
    ['calls under way are never slow', 'const begun = calls + overdue;', 'const begun = calls;'],
    [
      'one failure in a row too many',
      'consecutiveFailures >= rules.consecutiveFailures',
      'consecutiveFailures > rules.consecutiveFailures',
    ],
  ]),
  ...variantsOf('circuit-rules', `${core}/circuit`, [
    [
      'chance comes before the cap',
      'Math.min(maxOpenMs, openMs * openFactor ** (trips - 1)) * (1 - jitterRatio * random())',
      'Math.min(maxOpenMs, openMs * openFactor ** (trips - 1) * (1 - jitterRatio * random()))',
    ],
    ['a remote may ask for any break', 'Math.min(retryAfterMs, rules.maxRetryAfterMs)', 'retryAfterMs'],
  ]),
  ...variantsOf('circuit', 'unit/core/circuit-slow', [
    [
      'slow probes decide although their lease is the longer',
      "this.state === 'half-open' && probeLeaseMs <= slowMs",
      "this.state === 'half-open'",
    ],
  ]),
  ...variantsOf('circuit', 'model/circuit', [
    ['the window survives a transition', '    this.#window?.clear();\n', ''],
  ]),
  ...variantsOf('window', 'model/circuit', [
    ['clearing leaves the ring as it was', '    this.#words = undefined;\n', ''],
  ]),
  ...variantsOf('permit', 'model/circuit-exhaustive', [
    [
      'overdue probes give their place away',
      'this.inFlight + this.overdue + this.passed + this.failed',
      'this.inFlight + this.passed + this.failed',
    ],
  ]),
  ...variantsOf('circuit', 'model/circuit-breaker', [
    [
      'failures in a row survive a success',
      'this.#success++;\n    this.#consecutive = 0;\n    this.#window?.push(false, false, 0);',
      'this.#success++;\n    this.#window?.push(false, false, 0);',
    ],
  ]),
  ...variantsOf('time-window', 'property/window', [
    [
      'a clock that goes back moves the window',
      'if (head <= this.#head) return;',
      'if (head === this.#head) return;',
    ],
  ]),
];
