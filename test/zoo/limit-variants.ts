import { type Variant, variantsOf } from './variant.js';

const core = 'unit/core';

export const limitVariants: readonly Variant[] = [
  ...variantsOf('concurrency-limit', `${core}/concurrency-limit`, [
    ['a call from before a reset has a say', ' || now - rttMs < this.#validFrom) return;', ') return;'],
    ['a window ends before the calls that it judges', ' || window.samples < 2 * window.peak', ''],
    ['the limit is a fraction', 'bounded(Math.floor(this.#algorithm.limit)', 'bounded(this.#algorithm.limit'],
    ['new bounds are not heeded', '    this.#algorithm.amend(rules);\n', ''],
  ]),
  ...variantsOf('limit-window', `${core}/concurrency-limit`, [
    ['the peak of a window is that of all', '    this.#peak = 0;\n', ''],
    ['drops are forgotten', 'if (dropped) this.#drops++;', ''],
  ]),
  ...variantsOf('limit-admission', 'model/limit-admission-exhaustive', [
    ['a share is owed below the limit only', 'partition.taken >= shareOf(partition, limit)', 'true'],
    ['a share that was used is owed again', '    if (partition !== undefined) partition.taken++;\n', ''],
  ]),
  ...variantsOf('limit-admission', `${core}/limit-admission`, [
    [
      'a small limit keeps no place for the urgent',
      'Math.floor(limit * part + TRACE)',
      'Math.ceil(limit * part - TRACE)',
    ],
    ['what is rounded off costs a place', 'Math.floor(limit * part + TRACE)', 'Math.floor(limit * part)'],
    ['the least urgent are never let in', 'Math.max(Math.ceil(limit * FOR_ALL), ', 'Math.max(0, '],
  ]),
  ...variantsOf('limit-aimd', `${core}/limit-steps`, [
    ['a limit that nobody uses rises', 'else if (peak >= this.#limit / 2)', 'else'],
    ['a drop takes one', '0.9 * this.#limit', 'this.#limit - 1'],
  ]),
  ...variantsOf('limit-vegas', `${core}/limit-steps`, [
    ['the queue is not seen', 'Math.ceil(this.#limit * (1 - this.#shortestMs / meanMs))', '0'],
  ]),
  ...variantsOf('limit-vegas', `${core}/limit-algorithms`, [
    ['the shortest latency is never measured anew', 'resume > 0 && !unused ? meanMs : ', ''],
  ]),
  ...variantsOf('limit-gradient2', `${core}/limit-steps`, [
    ['room for a queue under overload', '(gradient === 1 ? QUEUE : 0)', 'QUEUE'],
    ['overload is soon taken for normal', 'const UP = DOWN / 10;', 'const UP = DOWN;'],
  ]),
  ...variantsOf('limit-knee', `${core}/limit-knee`, [
    ['never looks for the knee', 'if (this.#baseMs === 0) return this.#probe(window, 0.5);', ''],
    ['a drop among many is overload', 'window.drops > DROPS * window.samples', 'window.drops > 0'],
  ]),
  ...variantsOf('load-slope', `${core}/load-slope`, [
    [
      'a remote that has changed is not noticed',
      '#broken(dx: number, dy: number, error2: number): boolean {\n',
      '#broken(dx: number, dy: number, error2: number): boolean {\n    if (dx < 9) return false;\n',
    ],
    ['no error is allowed for', ' + 2 * Math.sqrt(error2 / spread)', ''],
  ]),
  ...variantsOf('kept-keys', `${core}/kept-keys`, [
    [
      'one that is busy is forgotten',
      'if (atRest(old as E)) return this.#take(old as E);',
      'return this.#take(old as E);',
    ],
    ['a use does not count', '    this.#unlink(entry);\n    this.#append(entry);\n', ''],
    [
      'one who was found busy is never looked at again',
      'if (atRest(entry)) return this.#take(entry);\n    }\n    while',
      '}\n    while',
    ],
    [
      'one that was used just now is idle',
      'if (entry !== undefined && entry.usedAt <= before)',
      'if (entry !== undefined)',
    ],
  ]),
  ...variantsOf('key-share', `${core}/key-share`, [
    ['keys that differ in the last letter stay together', '(hash >>> 16), 0x85ebca6b)', '0, 1)'],
  ]),
  ...variantsOf('circuit-snapshot', `${core}/circuit-snapshot`, [
    ['counts may be anything', 'return counted.every(isCount) ? ', 'return counted ? '],
    ['any version will do', ' || snapshot.version !== 1', ''],
  ]),
  ...variantsOf('fits', `${core}/circuit-snapshot`, [
    ['numbers may be below 0', ' && (value as number) >= 0', ''],
  ]),
  ...variantsOf('window-for', `${core}/window-for`, [
    ['slow calls are forgotten where only a rule of the user asks', ' || trip !== undefined;', ';'],
  ]),
  ...variantsOf('backoff-problem', `${core}/backoff-problem`, [
    ['a cap below the start', 'maxMs, backoff.initialMs)', 'maxMs, 0)'],
    ['a misspelt option', 'if (odd !== undefined)', 'if (false)'],
  ]),
];
