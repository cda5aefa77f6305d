/** What the shop sells, and what its processes are set to: short, so that nobody has to wait long for it. */
export const shop = {
  priceCents: 1_200,
  /** What is on the shelf when the shop opens: more than it can sell. */
  units: 100_000,
  skus: ['tea', 'pot', 'cup'],
};

/** What the patterns are set to, and what the shop promises follows from. */
export const limits = {
  /** A customer who has no answer by then leaves. */
  patienceMs: 4_000,
  pageMs: 1_500,
  stockMs: 400,
  tipsMs: 300,
  placeMs: 2_500,
  /** Pages that one customer may have in a second, and at once after a rest. */
  pagesPerSecond: 25,
  pagesAtOnce: 40,
};

export const sagaRules = { leaseMs: 2_000, marginMs: 400, pollMs: 150, maxPollMs: 400 };

export const relayRules = { leaseMs: 2_000, marginMs: 400, pollMs: 250, pauseMs: 100, retryMs: 100 };

export const leases = { ttlMs: 3_000 };

/** The customers' key, and that of a program which asks too often. In earnest they come from a safe place. */
export const keys = {
  customers: 'the key of the customers of this shop',
  bot: 'the key of a program that compares prices',
};

/** The patterns that can be switched off, and the promise that breaks then. */
export const patterns = {
  saga: 'orders',
  barrier: 'money',
  outbox: 'mail',
  inbox: 'mail',
  timeout: 'wait',
  optional: 'served',
  fallback: 'served',
  limit: 'limit',
  keys: 'doors',
  discovery: 'found',
};
