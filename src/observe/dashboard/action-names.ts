/** What can be done from a dashboard. */
export type DashboardActionName =
  | 'breaker.isolate'
  | 'breaker.reset'
  | 'saga.retry'
  | 'saga.skip'
  | 'saga.compensate'
  | 'saga.cancel'
  | 'deadLetter.replay'
  | 'deadLetter.discard';

/** All of them. */
export const dashboardActions: readonly DashboardActionName[] = /* @__PURE__ */ Object.freeze([
  'breaker.isolate',
  'breaker.reset',
  'saga.retry',
  'saga.skip',
  'saga.compensate',
  'saga.cancel',
  'deadLetter.replay',
  'deadLetter.discard',
]);
