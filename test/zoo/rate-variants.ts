import { type Variant, variantsOf } from './variant.js';

const core = 'unit/core';

export const rateVariants: readonly Variant[] = [
  ...variantsOf('backoff', `${core}/backoff`, [
    ['grows one step too early', '?? 2) ** (attempt - 1)', '?? 2) ** attempt'],
    ['full jitter goes beyond the delay', 'return random * delayMs;', 'return (0.5 + random) * delayMs;'],
    ['no cap', 'return Math.min(grown, longestBackoffMs(backoff));', 'return grown;'],
    ['no chance where none is named', "(backoff.kind === 'constant' ? 'none' : 'full')", "'none'"],
    ['decorrelated jitter has no start', 'Math.max(previousMs, shortest)', 'previousMs'],
  ]),
  ...variantsOf('budget', `${core}/budget`, [
    [
      'fractions of a trickle leak away',
      'this.#trickledAt += gained / this.#perMs;',
      'this.#trickledAt = nowMs;',
    ],
    [
      'what is banked knows no reserve',
      'Math.min(this.#balance + this.#deposit, this.#cap)',
      'this.#balance + this.#deposit',
    ],
    ['part of a token buys an attempt', 'if (this.#balance < TOKEN)', 'if (this.#balance <= 0)'],
    ['the trickle is counted again and again', '      this.#trickledAt += gained / this.#perMs;\n', ''],
  ]),
  ...variantsOf('retry-after', `${core}/retry-after`, [
    ['seconds are read as milliseconds', 'Number(text) * 1000', 'Number(text)'],
    ['a date in the past gives a wait below 0', 'Math.max(waitMs, 0)', 'waitMs'],
    ['no bound', 'Math.min(Math.max(waitMs, 0), maxMs)', 'Math.max(waitMs, 0)'],
    ['every hundredth year is a leap year', '(year % 100 !== 0 || year % 400 === 0)', 'true'],
    [
      'two digits are of this century',
      'Math.floor(nowMs / YEAR_MS) + 50',
      'Math.floor(nowMs / YEAR_MS) + 99',
    ],
    ['the leap day comes a month late', '(month > 1 ? leapDay : 0)', '(month > 2 ? leapDay : 0)'],
  ]),
  ...variantsOf('bucket', `${core}/bucket`, [
    ['one take beyond the burst', 'if (fullAt - elapsed > span)', 'if (this.#fullAt - elapsed > span)'],
    ['a new rule gives a full bucket', 'Math.min(this.#span, Math.ceil(missing * this.#token))', '0'],
    [
      'a rounding fails who came on time',
      'this.#span + this.#slack);\n  }\n\n  /**',
      'this.#span);\n  }\n\n  /**',
    ],
    ['rough times may empty the bucket', 'this.#perMs > this.#span / 4 ? -1 : this.#span / 2', 'this.#span'],
    ['a refund is of one token', 'this.#fullAt - cost * this.#token);', 'this.#fullAt - this.#token);'],
    ['those ahead cost nothing', '(ahead.total + cost) * this.#token', 'cost * this.#token'],
  ]),
  ...variantsOf('sliding-window', `${core}/sliding-window`, [
    ['the window holds its end', 'this.#room(cost) > now', 'this.#room(cost) >= now'],
    [
      'a new rule forgets the wrong stamps',
      '[...this.#stamps.slice(this.#oldest), ...this.#stamps.slice(0, this.#oldest)]',
      '[...this.#stamps]',
    ],
    ['a cost of many is a cost of one', 'i < cost; i++', 'i < Math.min(cost, 1); i++'],
  ]),
  ...variantsOf('throttle', 'unit/resilience/adaptive-throttle', [
    [
      'what is rejected here was never asked',
      '    this.#window.push(true, false, now);\n    return false;',
      '    return false;',
    ],
    ['a quiet client is throttled', '    if (requests < minRequests) return 0;\n', ''],
    [
      'rejects all',
      'Math.max(0, (requests - covered) / (requests + 1)), maxRejectRatio)',
      'Math.max(0, (requests - covered) / (requests + 1)), 1)',
    ],
    ['the important go first', 'headroom * 2 ** priority', 'headroom * 2 ** -priority'],
    [
      'failures are accepted',
      'const accepts = requests - this.#window.failures;',
      'const accepts = requests;',
    ],
  ]),
  ...variantsOf('hedge', `${core}/hedge`, [
    [
      'what is suppressed starts one more',
      "this.left > 0 && this.running === 0 ? 'start'",
      "this.left > 0 ? 'start'",
    ],
    [
      'what is suppressed ends the call',
      "this.left > 0 && this.running === 0 ? 'start' : this.#hope()",
      'this.#hope()',
    ],
    ['gives up while one still runs', "this.running > 0 ? 'wait'", "this.running > 1 ? 'wait'"],
    ['an attempt more than allowed', "this.left > 0 ? 'start'", "this.left >= 0 ? 'start'"],
  ]),
  ...variantsOf('quantile', `${core}/quantile`, [
    [
      'fed by the winners only',
      'record(ms: number, cut: boolean): void {\n',
      'record(ms: number, cut: boolean): void {\n    if (cut) return;\n',
    ],
    ['what was cut short is taken for whole', 'bucketOf(ms) + (cut ? BUCKETS : 0)', 'bucketOf(ms)'],
    ['nothing is ever forgotten', '      this.#younger.clear();\n', ''],
    ['the first answer stands for ever', '    this.#unheard++;\n', ''],
    ['answers from the first sample on', 'if (this.samples < this.#rules.minSamples) return undefined;', ''],
  ]),
  ...variantsOf('blast-radius', `${core}/blast-radius`, [
    ['what left the window stays counted', '    this.#affected -= ring[this.#next]!;\n', ''],
    ['the first calls are all hit', 'this.#ratio * this.#seen', 'this.#ratio * ring.length'],
    ['one above the share', 'this.#affected + 1 <=', 'this.#affected <='],
    ['the cursor stands still', '    this.#next = (this.#next + 1) % ring.length;\n', ''],
  ]),
  ...variantsOf('bucket', 'model/ration-exhaustive', [
    ['a full bucket goes on filling', '      if (now > this.#origin) this.#origin = now;\n', ''],
  ]),
  ...variantsOf('hedge', 'model/hedge-exhaustive', [
    ['what is left out may be tried again', 'skip(): HedgeStep {\n    this.left--;', 'skip(): HedgeStep {'],
  ]),
  ...variantsOf('budget', 'model/budget', [
    ['attempts cost nothing', '    this.#balance -= TOKEN;\n', ''],
    ['a clock that goes back takes tokens', '    if (!(gained > 0)) return;\n', ''],
  ]),
  ...variantsOf('sliding-window', 'property/rate-limit', [
    ['the cursor is off by one', 'this.#oldest + 1 === most ? 0', 'this.#oldest + 1 === most ? 1'],
    ['a clock that goes back shuffles the stamps', 'Math.max(this.#newest, now)', 'now'],
  ]),
];
