import { type Variant, variantsOf } from './variant.js';

const core = 'unit/core';

export const lineVariants: readonly Variant[] = [
  ...variantsOf('slots', `${core}/slots`, [
    [
      'a newcomer barges in between release and hand-over',
      'this.#taken >= this.#limit || this.#line.size > 0',
      'this.#taken >= this.#limit',
    ],
    ['a slot given back twice is two slots', 'if (this.#taken > 0) this.#taken--;', 'this.#taken--;'],
    [
      'waiters are let in above the limit',
      'if (this.#taken >= this.#limit) return undefined;',
      'if (this.#taken > this.#limit) return undefined;',
    ],
    ['a waiter that is let in takes no slot', '    if (waiter !== undefined) this.#taken++;\n', ''],
    ['whoever is evicted gets a slot', '    return this.#line.shift();\n', '    return this.next();\n'],
  ]),
  ...variantsOf('wait-line', `${core}/wait-line`, [
    ['whoever left is still linked', '    waiter.previous = undefined;\n    waiter.next = undefined;\n', ''],
    [
      'last come first serves the first',
      "order === 'lifo' ? this.#rings[0]!.previous",
      "order === 'fifo' ? this.#rings[0]!.previous",
    ],
    ['nobody ages', 'waiter.rank = now + level * this.#lag;', 'waiter.rank = level * this.#lag;'],
    ['a newcomer displaces its equal', '>= last.rank', '> last.rank'],
    ['a place too many', 'this.#size >= this.#places', 'this.#size > this.#places'],
    [
      'strict priority makes all lower levels equal',
      'Math.min(rules.ageMs, Number.MAX_VALUE / levels)',
      'rules.ageMs',
    ],
    ['of equals the more urgent goes first', 'head.rank <= first.rank', 'head.rank < first.rank'],
  ]),
  ...variantsOf('due-heap', 'property/due-heap', [
    [
      'what fills a gap never rises',
      'if (place > 0 && last.at < this.#heap[(place - 1) >> 1]!.at) this.#rise(last, place);\n    else this',
      'this',
    ],
    ['due is what was due before', 'first.at > now', 'first.at >= now'],
    [
      'sinks below the first child, not the smaller one',
      '      if (below + 1 < heap.length && heap[below + 1]!.at < heap[below]!.at) below++;\n',
      '',
    ],
    ['what is out can be taken out again', 'if (this.#heap[place] !== due) return false;', ''],
  ]),
  ...variantsOf('ration', `${core}/ration`, [
    [
      'a newcomer barges in before those who wait',
      '(this.#line.size === 0 && this.#allowance.take(cost, now))',
      'this.#allowance.take(cost, now)',
    ],
    ['whoever leaves is not refunded', '    this.#ahead.total -= claim.cost;\n', ''],
    [
      'whoever is served pays nothing',
      'if (this.leave(claim)) this.#allowance.spend(claim.cost, now);',
      'this.leave(claim);',
    ],
    ['free calls wait', 'cost === 0 || (this', '(this'],
  ]),
  ...variantsOf('sieve', `${core}/sieve`, [
    ['a hit leaves no mark', '    if (node !== undefined) node.visited = true;\n', ''],
    ['the hand points to what is gone', '    if (this.#hand === node) this.#hand = newer;\n', ''],
    ['the hand begins anew each time', '    this.#hand = at;\n', ''],
    ['a new value loses the visits of the old one', '    node.visited = former.visited;\n', ''],
    ['an entry too many', 'this.#nodes.size < this.#maxEntries ?', 'this.#nodes.size <= this.#maxEntries ?'],
  ]),
  ...variantsOf('cache-entry', `${core}/cache-entry`, [
    ['fresh for an instant too long', 'now < this.freshUntil', 'now <= this.freshUntil'],
    [
      'one grace begins where the other ends',
      'freshUntil + staleIfErrorMs',
      'freshUntil + staleWhileRevalidateMs + staleIfErrorMs',
    ],
    ['an error stands in for a value', "this.ok && this.phase(now) !== 'gone'", "this.phase(now) !== 'gone'"],
    ['chance lengthens a life', '1 - jitterRatio * chance', '1 + jitterRatio * chance'],
    ['errors have the grace of values', 'ok ? rules : noGrace', 'rules'],
  ]),
  ...variantsOf('flights', `${core}/flights`, [
    [
      'an old run frees the key of the new one',
      'return this.has(flight) && this.#board.delete(flight.sharedKey);',
      'return this.#board.delete(flight.sharedKey);',
    ],
    ['a run without callers goes on', '    this.land(flight);\n', ''],
    ['the earliest deadline wins', 'if (deadline > flight.latest)', 'if (deadline < flight.latest)'],
    ['the first who leaves ends the run', 'if (--flight.callers > 0) return false;', '--flight.callers;'],
  ]),
];
