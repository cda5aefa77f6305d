/** Which fields of a snapshot are measured, and as what. A field of a part is `part.field`. */
export interface KindMeasures {
  /** Only ever rise. */
  readonly counters?: readonly string[];
  /** Numbers that go up and down, and what is so or not: 1 or 0. */
  readonly gauges?: readonly string[];
  /** Lists, measured by their length. */
  readonly sizes?: readonly string[];
  /** A word out of these: 1 for the one that holds, 0 for the others. */
  readonly states?: Readonly<Record<string, readonly string[]>>;
  /** Counters that rise apart by the label named here. */
  readonly counted?: Readonly<Record<string, string>>;
}

const runs = /* @__PURE__ */ Object.freeze(['idle', 'running', 'closed']);

/**
 * The metrics of each kind, by the fields of its snapshot. A test of types holds each to the type of the
 * snapshot, so that a number which a room begins to tell is not forgotten here.
 */
export const kindMeasures = /* @__PURE__ */ Object.freeze({
  'adaptive-limiter': { counters: ['rejected', 'windows'], gauges: ['limit', 'inFlight'] },
  'adaptive-throttle': { counters: ['throttled'], gauges: ['requests', 'accepts', 'rejectRatio'] },
  aggregate: { counters: ['complete', 'partial', 'failed'], gauges: ['running'] },
  balancer: { gauges: ['panicking'], sizes: ['instances'] },
  bulkhead: { counters: ['rejected'], gauges: ['slots', 'taken', 'waiting', 'queue'] },
  cache: { counters: ['hits', 'misses', 'stale', 'unkeyed', 'evicted'], gauges: ['size', 'running'] },
  chaos: { counters: ['affected', 'spared'], gauges: ['enabled'], counted: { injected: 'fault' } },
  'circuit-breaker': {
    gauges: ['trips', 'consecutiveFailures', 'remainingMs'],
    states: { state: ['closed', 'open', 'half-open', 'isolated', 'disabled'] },
    counted: { totals: 'outcome' },
  },
  coalesce: { counters: ['started', 'joined', 'alone', 'unkeyed', 'abandoned'], gauges: ['running'] },
  'event-bus': {
    counters: ['emitted', 'delivered', 'failed', 'dropped'],
    gauges: ['listeners', 'running', 'queued', 'closed'],
  },
  fallback: { counters: ['answered', 'failed'] },
  gateway: {
    counters: ['mirrors.answered', 'mirrors.failed', 'mirrors.dropped'],
    gauges: ['inFlight', 'tunnels', 'closing', 'mirrors.inFlight', 'cache.entries', 'cache.bytes'],
    counted: { 'cache.answered': 'verdict' },
  },
  health: { gauges: ['running', 'unhealthy'], sizes: ['instances'] },
  hedge: {
    counters: ['hedged', 'won', 'allFailed', 'losers'],
    gauges: ['quantileMs'],
    counted: { notHedged: 'reason' },
  },
  keyed: { counters: ['made', 'evicted', 'overflowed'], gauges: ['size', 'maxKeys'] },
  'message-bus': { gauges: ['publishing', 'requesting', 'closed'], sizes: ['subscriptions'] },
  meter: { gauges: ['enabled', 'running'], counted: { outcomes: 'outcome', rejected: 'code' } },
  'outbox-relay': {
    counters: ['published', 'failed', 'parked', 'lost'],
    gauges: ['buckets', 'open', 'paused'],
    states: { state: runs },
  },
  outliers: { gauges: ['ejected'], sizes: ['instances'] },
  'participant-barrier': { counters: ['done', 'duplicate', 'void', 'refused', 'stale'] },
  'process-manager': {
    counters: [
      ...['started', 'ended', 'handled', 'duplicates', 'ignored', 'late', 'stale', 'conflicts', 'published'],
      'parked',
    ],
    gauges: ['running'],
    states: { state: runs },
  },
  projection: {
    counters: ['processed', 'skipped'],
    gauges: ['version', 'lagMs', 'parked', 'waiting'],
    states: { status: ['idle', 'running', 'failed', 'retired'], role: ['active', 'shadow', 'unknown'] },
  },
  'rate-limiter': { counters: ['limited'], gauges: ['tokens', 'waiting', 'queue'] },
  retry: { counters: ['retried', 'recovered', 'gaveUp'] },
  'retry-budget': { counters: ['refused'], gauges: ['tokens'] },
  'saga-orchestrator': {
    gauges: ['driving', 'waiting'],
    states: { status: ['idle', 'working', 'closing', 'closed'] },
  },
  'service-proxy': { gauges: ['balancer.panicking', 'outliers.ejected'], sizes: ['balancer.instances'] },
  'service-watcher': { gauges: ['instances', 'suspects', 'usable', 'panicking', 'staleMs'] },
  shadow: { counters: ['wouldReject', 'wouldWait', 'wouldGiveUp'], gauges: ['enforceRatio'] },
  'shared-rate-limiter': {
    counters: ['limited', 'undecided'],
    gauges: ['waiting', 'queue', 'storePaused'],
  },
  streamed: { counters: ['stalled', 'abandoned'], gauges: ['open'] },
  subscription: {
    gauges: ['held', 'running'],
    states: { state: ['connecting', 'consuming', 'paused', 'draining', 'closed'] },
  },
  timeout: { counters: ['timedOut'], gauges: ['running'] },
} as const satisfies Readonly<Record<string, KindMeasures>>);

/** What is measured of a kind; nothing of one that is not of this package. */
export function measuresOf(kind: string): KindMeasures {
  return Object.hasOwn(kindMeasures, kind) ? kindMeasures[kind as keyof typeof kindMeasures] : {};
}
