import { type Variant, variantsOf } from './variant.js';

const core = 'unit/core';

export const deliveryVariants: readonly Variant[] = [
  ...variantsOf('delivery-queue', `${core}/delivery-queue`, [
    [
      'whoever has lost the lease settles all the same',
      'if (epoch === 0 || delivery.epoch !== epoch) return false;',
      'if (delivery.epoch === 0) return false;',
    ],
    [
      'a redelivery goes to the end of the line',
      '    if (delayMs > 0) delivery.due = this.#due.add(delivery, now + delayMs);\n' +
        '    else this.#ready.add(delivery, delivery.rank);',
      '    if (delayMs > 0) delivery.due = this.#due.add(delivery, now + delayMs);\n' +
        '    else this.#ready.add(delivery, Number.MAX_VALUE);',
    ],
    ['what is given back untouched counts as an attempt', '    delivery.attempt--;\n', ''],
    [
      'the lane is free while its first waits to come again',
      "    if (!this.#release(delivery, epoch)) return 'stale';\n    if (delayMs > 0)",
      "    if (!this.#release(delivery, epoch)) return 'stale';\n" +
        '    const next = delivery.lane === undefined ? undefined : this.#lanes.leave(delivery.lane);\n' +
        '    if (next !== undefined) this.#ready.add(next, next.rank);\n    if (delayMs > 0)',
    ],
    [
      'a lease that was extended ends when it began to end',
      '    if (delivery.due !== undefined) this.#due.remove(delivery.due);\n',
      '',
    ],
    ['a lost lease is still counted', '        this.#leased--;\n        lost++;', '        lost++;'],
    [
      'what was put off passes those of its key',
      '        this.#line(delivery);\n        continue;\n',
      '        this.#ready.add(delivery, delivery.rank);\n        continue;\n',
    ],
    ['the urgent come last', 'position - priority * PRIORITY_STEP', 'position + priority * PRIORITY_STEP'],
    [
      'everything has one lane',
      "order === 'key' ? key : undefined",
      "order === 'key' ? WHOLE_TOPIC : undefined",
    ],
  ]),
  ...variantsOf('delivery-queue', 'model/delivery-queue-exhaustive', [
    ['all hand-outs have one epoch', 'delivery.epoch = ++this.#epoch;', 'delivery.epoch = 1;'],
    [
      'a holder that settled in time still loses its lease',
      '      this.#due.remove(delivery.due);\n      delivery.due = undefined;',
      '      delivery.due = undefined;',
    ],
    [
      'a lease that ends hands the lane on',
      '        delivery.epoch = 0;\n        this.#leased--;\n        lost++;',
      '        delivery.epoch = 0;\n        this.#leased--;\n        lost++;\n' +
        '        const next = delivery.lane && this.#lanes.leave(delivery.lane);\n' +
        '        if (next) this.#ready.add(next, next.rank);',
    ],
  ]),
  ...variantsOf('redelivery', `${core}/redelivery`, [
    ['a run more than allowed', 'run < rules.immediate', 'run <= rules.immediate'],
    ['the first delay is left out', 'rules.redeliver[delivery - 1]', 'rules.redeliver[delivery]'],
    ['a delay of 0 is none', 'delayMs === undefined ? DEAD', '!delayMs ? DEAD'],
    ['one delivery too few is told', 'rules.redeliver.length + 1', 'rules.redeliver.length'],
  ]),
  ...variantsOf('lanes', `${core}/lanes`, [
    [
      'a lane that nobody is in is kept for ever',
      '    if (next === undefined) this.#behind.delete(key);\n',
      '',
    ],
    [
      'a lane is forgotten while its last is at work',
      'if (next === undefined) this',
      'if (!this.#behind.get(key)?.size) this',
    ],
  ]),
  ...variantsOf('fifo', `${core}/fifo`, [
    [
      'places are reclaimed but the first of them',
      '      this.#first = 0;\n    }\n    return',
      '    }\n    return',
    ],
  ]),
  ...variantsOf('topic-pattern', 'property/topic-pattern', [
    ['* reaches over the dot', "t < topic.length && topic[t] !== '.'", 't < topic.length'],
    ['the rest of a topic does not matter', 'return t === topic.length;', 'return true;'],
  ]),
  ...variantsOf('topic-pattern', `${core}/topic-pattern`, [
    ['> may stand anywhere', "(token === '>' && last)", "token === '>'"],
    ['a token may be empty', '/^[A-Za-z0-9_-]+$/', '/^[A-Za-z0-9_-]*$/'],
  ]),
  ...variantsOf('pattern-table', `${core}/pattern-table`, [
    [
      'what was removed leaves its branch',
      'i > 0 && isEmpty(trail[i]!); i--',
      'i > tokens.length && isEmpty(trail[i]!); i--',
    ],
    ['> ends above what it stands for', "  take(node.children.get('>'), found);\n", ''],
    [
      'a value of two patterns of one topic has no order',
      'return found.sort(([, a], [, b]) => a - b).map',
      'return found.map',
    ],
    ['a full table takes one more', 'this.#size >= this.#maxSize', 'this.#size > this.#maxSize'],
  ]),
];
