import { type Variant, variantsOf } from './variant.js';

const core = 'unit/core';

/** Registries, balancers, outliers and health checks with a mistake in them. */
export const discoveryVariants: readonly Variant[] = [
  ...variantsOf('lease-table', 'model/lease-table-exhaustive', [
    ['a lease ends late', 'lease.endsAt = time + lease.ttlMs;', 'lease.endsAt = time + lease.ttlMs + 1;'],
    [
      'an older incarnation renews',
      "    if (incarnation < lease.incarnation) return 'stale';\n    if (incarnation > lease",
      '    if (incarnation > lease',
    ],
    [
      'who has left comes back by a late word',
      '    this.#tombstones.bury(keyOf(group, id), incarnation, true, time);\n',
      '',
    ],
    ['time that stood still counts', 'this.#skippedMs += gap;', 'this.#skippedMs += 0;'],
    [
      'what was kept stays doubtful when it renews',
      '    lease.preserved = false;\n    return preserved;',
      '    return preserved;',
    ],
    [
      'what was kept is kept too long',
      'const last = lease.endsAt + preserveMs;',
      'const last = lease.endsAt + 2 * preserveMs;',
    ],
    [
      'watchers do not hear of who leaves',
      '    this.#remove(lease);\n    this.#note(group, [id]);',
      '    this.#remove(lease);',
    ],
  ]),
  ...variantsOf('mass-expiry', `${core}/mass-expiry`, [
    ['a few at a time are never many', 'window === this.#window + 1 ? this.#now : 0', '0'],
  ]),
  ...variantsOf('outlier', 'model/outlier-exhaustive', [
    [
      'one more is ejected than may be',
      'this.#ejected + 1 > maxEjectedRatio',
      'this.#ejected > maxEjectedRatio',
    ],
    [
      'each ejection is as short as the first',
      'Math.min(host.times * baseEjectionMs, maxEjectionMs)',
      'Math.min(baseEjectionMs, maxEjectionMs)',
    ],
  ]),
  ...variantsOf('outlier', `${core}/outlier`, [
    ['a success breaks no row', '      host.row = 0;\n      host.succeeded++;', '      host.succeeded++;'],
    [
      'who is ejected is judged on',
      'if (host === undefined || host.ejectedAt !== undefined) return',
      'if (host === undefined) return',
    ],
    [
      'who has gone counts as ejected',
      'this.#ejected = [...this.#hosts.values()].filter(({ ejectedAt }) => ejectedAt !== undefined).length;',
      '',
    ],
    ['old ejections are never forgiven', 'if (!host.wasOut && host.times > 0) host.times--;', ''],
  ]),
  ...variantsOf('health', 'model/health-exhaustive', [
    ['a check counts twice', '    if (turn.over) return undefined;\n', ''],
    ['one check too many at a time', 'if (this.#running >= this.#rules.maxConcurrent)', 'if (false)'],
    ['a row is never broken', '      host.row = 0;\n      return false;', '      return false;'],
  ]),
  ...variantsOf('health', `${core}/health`, [
    [
      'a check of one that has gone counts for its successor',
      '    if (this.#hosts.get(host.id) !== host) return undefined;\n',
      '',
    ],
    [
      'rise and fall are taken for each other',
      'ok ? this.#rules.rise : this.#rules.fall',
      'ok ? this.#rules.fall : this.#rules.rise',
    ],
  ]),
  ...variantsOf('host-load', `${core}/host-load`, [
    ['who fails at once looks quick', 'Math.max(tookMs, peersMs, this.#costs[2 * slot]!)', 'tookMs'],
    ['a slow answer never fades', ' * this.#left(now - this.#costs[2 * slot + 1]!)', ''],
    ['a quick answer undoes a slow one', 'Math.max(tookMs, this.#cost(slot, now))', 'tookMs'],
    ['all go to who has never answered', 'inFlight === 0 ? 0 : UNKNOWN_COST + inFlight', '0'],
  ]),
  ...variantsOf('balance-chance', `${core}/balance-chance`, [
    ['a host is compared with itself', 'if (second >= first) second++;', ''],
    [
      'the one that costs more is chosen',
      'this.#loadOf(this.#slots[first]!) ? second : first',
      'this.#loadOf(this.#slots[first]!) ? first : second',
    ],
  ]),
  ...variantsOf('balance-turns', `${core}/balance-turns`, [
    ['all begin at the same point', '((slot + 0.5) * GOLDEN) % 1', '0'],
  ]),
  ...variantsOf('balance-hash', `${core}/balance-hash`, [
    ['a host takes less than its share', 'Math.ceil((factor', 'Math.floor((factor'],
  ]),
  ...variantsOf('balance-points', `${core}/balance-points`, [
    ['a key goes past its point', 'this.#hashes[at]! < hash', 'this.#hashes[at]! <= hash'],
    ['a point that goes leaves a gap where others were pushed on', ' <= at; at++)', ' < 0; at++)'],
  ]),
  ...variantsOf('balance-ring', 'property/balance-changes', [
    ['who has left keeps its points', 'for (const slot of left) this.#lower(slot, 0);', ''],
  ]),
  ...variantsOf('balance-maglev', `${core}/balance-maglev`, [
    ['hosts want the same places in a row', '(hash32(id, 0x9747b28c) % (this.size - 1)) + 1', '1'],
    [
      'a change is forgotten while a table is filled',
      'this.#stale ||= any;',
      'this.#stale = any && !this.#fill;',
    ],
  ]),
  ...variantsOf('balance-maglev-fill', `${core}/balance-maglev`, [
    ['who breaks off is given its share again', 'looking = table[place] !== 0;', ''],
  ]),
  ...variantsOf('balance-shares', `${core}/balance-shares`, [
    ['no room is counted beyond what is healthy', 'OVERPROVISION * healthy.length', 'healthy.length'],
  ]),
];
