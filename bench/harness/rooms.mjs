// Words that stay in minified code (class names in messages, codes, public members) and belong to one room.
// A bundle of one primitive that holds a word of another drags that other one along.
const words = {
  CircuitBreaker: ['CircuitBreaker', 'CIRCUIT_OPEN', 'half-open', 'consecutiveFailures', 'isolate'],
  Bulkhead: ['Bulkhead', 'BULKHEAD', 'queueTimeoutMs'],
  Retry: ['maxElapsedMs', 'decorrelated'],
  RetryBudget: ['RetryBudget'],
  Timeout: ['"race"', 'timedOut'],
  Fallback: ['Fallback'],
  Hedge: ['Hedge'],
  RateLimiter: ['RateLimiter', 'RATE_LIMITED'],
  resilientFetch: ['idempotency-key', 'retry-after'],
  messaging: ['MessageBus', 'dead-letter'],
  saga: ['Saga', 'compensat'],
  data: ['Outbox', 'Inbox'],
  discovery: ['ServiceRegistry', 'Endpoint'],
  proxy: ['ServiceProxy'],
  gateway: ['ApiGateway', 'upstream'],
  testing: ['VirtualClock'],
};

/** The rooms that `name` may hold words of: its own, and those it is made of. */
const mayHold = {
  Retry: ['RetryBudget'],
  resilientFetch: Object.keys(words),
};

/** Words of other rooms found in the bundled code of the export `name`; an error is named after its room. */
export function strayWords(name, code) {
  if (name.endsWith('Error')) return [];
  const own = new Set([name, ...(mayHold[name] ?? [])]);
  return Object.entries(words)
    .filter(([room]) => !own.has(room))
    .flatMap(([room, list]) => list.filter(word => code.includes(word)).map(word => `${room}: ${word}`));
}
