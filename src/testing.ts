export { busLaws } from './testing/bus-laws.js';
export type { BusSubject } from './testing/bus-subject.js';
export type { BarrierStoreSubject, MakeBarrierStore } from './testing/conformance/barrier-stage.js';
export { barrierStoreLaws } from './testing/conformance/barrier-store-laws.js';
export type { MakeOutboxStore, OutboxStoreSubject } from './testing/conformance/outbox-stage.js';
export { outboxStoreLaws } from './testing/conformance/outbox-store-laws.js';
export type { MakeProcessStore, ProcessStoreSubject } from './testing/conformance/process-changes.js';
export { processStoreLaws } from './testing/conformance/process-store-laws.js';
export {
  type MakeRateLimitStore,
  type RateLimitStoreSubject,
  rateLimitStoreLaws,
} from './testing/conformance/rate-limit-store-laws.js';
export { registryLaws } from './testing/conformance/registry-laws.js';
export type { MakeRegistry, RegistryLaw, RegistrySubject } from './testing/conformance/registry-scene.js';
export { sagaStoreLaws } from './testing/conformance/saga-store-laws.js';
export type {
  MakeSagaStore,
  SagaStoreLaw,
  SagaStoreSubject,
} from './testing/conformance/saga-store-scene.js';
export { type CountingSignal, countingSignal } from './testing/counting-signal.js';
export {
  type Exploration,
  ExplorationError,
  explore,
  type Liveness,
  type Machine,
  type Objection,
} from './testing/explore.js';
export { Given, GivenError, type GivenEvent, type GivenHandler, given } from './testing/given.js';
export { checkLaws, type Law, LawError } from './testing/law.js';
export {
  type MicrotaskSweep,
  microtaskSweep,
  SweepError,
  type SweepFailure,
  type SweptCall,
} from './testing/microtask-sweep.js';
export { type PolicyLaw, type PolicyLawsOptions, policyLaws } from './testing/policy-laws.js';
export type { MakePolicy } from './testing/policy-subject.js';
export {
  type ExploreSagaOptions,
  exploreSaga,
  type SagaEnd,
  type SagaExploration,
  SagaExplorationError,
} from './testing/saga/explore-saga.js';
export type { LedgerCall, LedgerEntry } from './testing/saga/saga-ledger.js';
export { type SeededRandom, seededRandom } from './testing/seeded-random.js';
export { settle } from './testing/settle.js';
export {
  type ArrivalScene,
  type Arrivals,
  type CallRate,
  evenly,
  poisson,
  users,
} from './testing/simulation/arrivals.js';
export {
  constant,
  type Distribution,
  exponential,
  logNormal,
  mixture,
  pareto,
  uniform,
} from './testing/simulation/distributions.js';
export type { Latencies } from './testing/simulation/latency-histogram.js';
export {
  type Recovery,
  type SimulationReport,
  type SimulationSlice,
  timeToRecover,
} from './testing/simulation/report.js';
export {
  type ServerFate,
  type ServerReport,
  type SimulatedRequest,
  SimulatedServer,
  SimulatedServerError,
} from './testing/simulation/server.js';
export type {
  ServerChange,
  ServerShape,
  SimulatedServerOptions,
} from './testing/simulation/server-options.js';
export { type SimulatedLoad, Simulation } from './testing/simulation/simulation.js';
export { VirtualClock, type VirtualClockOptions } from './testing/virtual-clock.js';
