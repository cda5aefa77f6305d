/**
 * The events of everything in this package that tells of any, by the `kind` that its `describe()` names; of
 * what describes nothing, by the kind to be named in `watch`.
 *
 * Names alone, so that whoever watches a breaker does not load a gateway. A test of types holds each list to
 * the type of the room, and finds a room that is missing.
 */
export const observedKinds = /* @__PURE__ */ Object.freeze({
  'adaptive-limiter': ['limitChanged', 'rejected', 'updated'],
  'adaptive-throttle': ['throttled', 'updated'],
  aggregate: ['partial', 'failed', 'discardFailed'],
  balancer: ['panicked', 'calmed'],
  bulkhead: ['queued', 'admitted', 'abandoned', 'rejected', 'resized', 'updated'],
  cache: [
    ...(['hit', 'missed', 'stale', 'revalidated', 'revalidationFailed', 'evicted', 'evictFailed'] as const),
    'updated',
  ],
  chaos: ['injected', 'askFailed', 'updated'],
  'circuit-breaker': [
    ...(['opened', 'halfOpened', 'closed', 'isolated', 'disabled', 'rejected', 'wouldReject'] as const),
    'updated',
  ],
  coalesce: ['joined', 'abandoned', 'updated'],
  dashboard: ['acted', 'joined', 'left', 'turnedAway'],
  fallback: ['answered', 'failed', 'discardFailed', 'updated'],
  gateway: [
    ...(['completed', 'upstreamFailed', 'mirrored', 'mirrorDropped', 'authenticatorFailed'] as const),
    ...(['limitFailed', 'splitFailed', 'functionFailed', 'replaced'] as const),
  ],
  'gateway-file': ['reloaded', 'refused', 'certificateReloaded'],
  health: ['checked', 'failed', 'recovered'],
  hedge: ['hedged', 'won', 'notHedged', 'discardFailed', 'updated'],
  keyed: ['made', 'evicted', 'overflowed'],
  meter: ['updated'],
  'message-bus': ['published', 'publishFailed'],
  outbox: ['retried', 'discarded'],
  'outbox-relay': ['published', 'publishFailed', 'parked', 'shared', 'lost', 'interrupted'],
  outliers: ['ejected', 'readmitted', 'spared'],
  'participant-barrier': ['answered'],
  'process-manager': [
    ...(['started', 'handled', 'ended', 'duplicate', 'late', 'stale', 'conflict', 'timeoutFailed'] as const),
    ...(['publishFailed', 'parked', 'unparked', 'interrupted'] as const),
  ],
  projection: ['parked', 'skipped', 'failed', 'interrupted', 'activated'],
  'rate-limiter': ['limited', 'delayed', 'admitted', 'abandoned', 'updated'],
  registration: ['registered', 'failed', 'lost', 'superseded'],
  retry: ['retried', 'recovered', 'gaveUp', 'discardFailed', 'nested', 'updated'],
  'retry-budget': ['exhausted', 'updated'],
  'saga-orchestrator': [
    ...(['started', 'progressed', 'takenOver', 'completed', 'compensated', 'parked', 'lost'] as const),
    'storeFailed',
  ],
  'service-watcher': ['changed', 'stale', 'fresh', 'suspected'],
  shadow: ['wouldReject', 'wouldWait', 'wouldGiveUp'],
  'shared-rate-limiter': [
    ...(['limited', 'delayed', 'admitted', 'abandoned', 'storeFailed', 'storeRecovered'] as const),
    'updated',
  ],
  streamed: ['stalled', 'abandoned'],
  subscription: [
    ...(['ready', 'lost', 'handled', 'duplicate', 'failed', 'redelivered', 'deadLettered'] as const),
    ...(['discarded', 'unsettled', 'paused', 'resumed'] as const),
  ],
  timeout: ['timedOut', 'updated'],
} as const);

/** The kinds of this package that tell events. */
export type ObservedKind = keyof typeof observedKinds;

/** The events of a kind; none where it is not one of this package. */
export function eventsOfKind(kind: string): readonly string[] {
  return Object.hasOwn(observedKinds, kind) ? observedKinds[kind as ObservedKind] : [];
}
