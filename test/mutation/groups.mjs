/**
 * A few files, and the tests that may notice a mistake in them: the fewer these are, the quicker the run. The
 * walks over all states of a machine are left out where they take seconds; the other tests do without them.
 */
const core = (names, unit, others = []) => ({
  mutate: names.map(name => `src/core/${name}.ts`),
  tests: [
    ...unit.map(name => `test/unit/core/${name}.test.ts`),
    ...others.map(name => `test/${name}.test.ts`),
  ],
});

const kernel = (names, others = []) => ({
  mutate: names.map(name => `src/kernel/${name}.ts`),
  tests: [
    ...[
      ...[
        'attempt-history',
        'attempts',
        'call-options',
        'cancellation',
        'context',
        'deadline-list*',
        'errors',
      ],
      'events',
      ...[
        'guard-run*',
        'guarded-call*',
        'handed-context',
        'is-guard',
        'lean-class',
        'listeners',
        'live-options',
        'on-abort',
      ],
      ...['options', 'outcome', 'parked-call', 'parked-in-line', 'pipeline', 'random', 'revocable-context'],
      ...['solo-run', 'waiting-room', 'wrap'],
    ].map(name => `test/unit/kernel/${name}.test.ts`),
    ...['unit/spine', ...others].map(name => `test/${name}.test.ts`),
  ],
});

/** Their names and order are those of the report. */
export const groups = {
  circuit: core(
    ['circuit', 'circuit-rules', 'circuit-snapshot', 'permit', 'trip-rule'],
    ['circuit*', 'trip-rule', 'amend'],
    ['property/circuit', 'model/circuit'],
  ),
  windows: core(
    ['window', 'time-window', 'window-for', 'fits'],
    ['window', 'time-window', 'window-for', 'circuit-snapshot'],
    ['property/window'],
  ),
  slots: core(
    ['slots', 'wait-line', 'due-heap'],
    ['slots', 'wait-line'],
    ['property/due-heap', 'property/wait-line', 'model/slots'],
  ),
  rates: core(
    ['bucket', 'sliding-window', 'ration', 'allowance'],
    ['bucket', 'sliding-window', 'ration'],
    ['property/rate-limit'],
  ),
  retries: core(
    ['backoff', 'budget', 'retry-after', 'blast-radius', 'key-share'],
    ['backoff', 'budget', 'retry-after', 'blast-radius', 'key-share', 'amend'],
    ['property/backoff', 'property/retry-after', 'model/budget'],
  ),
  hedges: core(
    ['hedge', 'quantile', 'flights', 'throttle'],
    ['hedge', 'quantile', 'flights', 'throttle', 'amend'],
    ['property/quantile', 'model/hedge-exhaustive', 'model/throttle-exhaustive'],
  ),
  sagas: core(['barrier'], ['barrier']),
  outbox: core(
    ['outbox-lease', 'outbox-holds', 'outbox-lanes', 'outbox-failure'],
    ['outbox-lease', 'outbox-holds', 'outbox-lanes', 'outbox-failure'],
  ),
  balancers: core(
    [
      ...['balance', 'balance-chance', 'balance-roster', 'balance-shares', 'balance-sticky', 'balance-turns'],
      ...['hash', 'host-load'],
    ],
    [
      ...['balance', 'balance-chance', 'balance-roster', 'balance-shares', 'balance-sticky', 'balance-turns'],
      ...['hash', 'host-load'],
    ],
    ['property/balance'],
  ),
  /** The properties of large tables take seconds for each mutant: these do without. */
  // By tests that are short: a loop that does not end is told from how long all of them take.
  points: core(['balance-points'], ['balance-points']),
  rings: core(['balance-hash', 'balance-ring'], ['balance-hash']),
  tables: core(['balance-maglev', 'balance-maglev-fill'], ['balance-maglev', 'balance-hash']),
  health: core(['health'], ['health']),
  outliers: core(['outlier'], ['outlier']),
  answers: core(['gathering', 'merge'], ['gathering', 'merge'], ['model/gathering-exhaustive']),
  caches: core(
    ['cache-entry', 'sieve', 'kept-keys'],
    ['cache-entry', 'sieve', 'kept-keys', 'amend'],
    ['property/sieve', 'model/cache-entry-exhaustive'],
  ),
  limits: core(
    [
      ...[
        'concurrency-limit',
        'limit-admission',
        'limit-aimd',
        'limit-gradient2',
        'limit-knee',
        'limit-vegas',
      ],
      ...['limit-window', 'load-slope'],
    ],
    ['concurrency-limit', 'limit-*', 'load-slope'],
    ['property/concurrency-limit', 'model/limit-admission-exhaustive'],
  ),
  topics: core(
    ['topic-pattern', 'pattern-table'],
    ['topic-pattern', 'pattern-table'],
    ['property/topic-pattern'],
  ),
  routes: core(
    [
      ...['route-path', 'route-target', 'route-pattern', 'route-conditions', 'route-states', 'route-table'],
      ...['route-split', 'cookie'],
    ],
    ['route-*'],
    ['property/route-table'],
  ),
  answersKept: core(
    ['http-cache-control', 'http-cache-answer', 'http-cache-store', 'http-conditions'],
    ['http-cache-*', 'http-conditions'],
  ),
  fields: core(
    [
      'request-fields',
      'idempotent-method',
      'hop-fields',
      'ip-range',
      'json-depth',
      'http2-head',
      'frame-bounds',
    ],
    [
      'request-fields',
      'idempotent-method',
      'hop-fields',
      'ip-range',
      'json-depth',
      'http2-head',
      'frame-bounds',
    ],
  ),
  deliveries: core(
    ['delivery-queue', 'fifo', 'lanes', 'redelivery', 'roll'],
    ['delivery-queue', 'fifo', 'lanes', 'redelivery', 'roll'],
  ),
  outboxes: core(
    ['process-outbox', 'process-outbox-line', 'publish-tries'],
    ['process-outbox', 'publish-tries'],
  ),
  leases: core(
    ['lease-table', 'lease', 'mass-expiry', 'change-log', 'version-range'],
    ['lease-table', 'mass-expiry', 'change-log', 'version-range'],
  ),
  /** The machine of a saga, and what runs its steps and the handlers of a bus. */
  saga: {
    mutate: [
      ...['saga', 'saga-plan', 'saga-retry', 'saga-state', 'backoff-problem'].map(
        name => `src/core/${name}.ts`,
      ),
      ...['handler-run', 'run-context', 'error-words'].map(name => `src/kernel/${name}.ts`),
    ],
    tests: [
      ...['unit/core/saga', 'unit/core/saga-retry', 'unit/core/backoff-problem', 'property/saga'],
      ...['unit/kernel/handler-run', 'unit/kernel/run-context', 'unit/kernel/error-words'],
    ].map(name => `test/${name}.test.ts`),
  },
  /** What the errors and the issues of a schema say. */
  schemas: {
    mutate: ['bus-errors', 'schema-issues', 'standard-schema', 'unreached'].map(
      name => `src/kernel/${name}.ts`,
    ),
    tests: ['bus-errors', 'schema-issues', 'unreached'].map(name => `test/unit/kernel/${name}.test.ts`),
  },
  calls: kernel([
    ...[
      'attempt-history',
      'attempts',
      'call-options',
      'cancellation',
      'due-context',
      'errors',
      'handed-context',
    ],
    'is-guard',
    ...['lean-class', 'on-abort', 'options', 'outcome', 'parking', 'random', 'revocable-context'],
    'waiting-room',
  ]),
  policies: kernel(
    ['events', 'listeners', 'live-options', 'pipeline', 'policy', 'work-loop'],
    ['property/kernel.pipeline', 'unit/kernel/work-loop'],
  ),
  guards: kernel(
    ['guarded-call', 'guard-run', 'guard-plan', 'solo-run', 'context', 'deadline-list'],
    ['property/kernel.pipeline', 'model/kernel-permits'],
  ),
  /** Their tests load them anew, on timers and a host of their own: that takes vitest itself. */
  host: {
    mutate: ['src/kernel/async-context.ts', 'src/kernel/clock.ts'],
    tests: ['test/unit/kernel/async-context.test.ts', 'test/unit/kernel/clock.test.ts'],
    runner: 'vitest',
  },
};

/** What `npm test` does of it: two machines, and only their own tests. */
export const sample = { name: 'sample', ...core(['trip-rule', 'hedge'], ['trip-rule', 'hedge']) };
