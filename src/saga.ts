export type { BarrierDirection } from './core/barrier.js';
export type {
  ProcessOutboxEntry,
  ProcessOutboxFault,
  ProcessOutboxResult,
} from './core/process-outbox-line.js';
export type { PublishRules } from './core/publish-tries.js';
export type { NodeKind, NodeSpec, PlanNode, SagaPlan } from './core/saga-plan.js';
export type { SagaRetryRules } from './core/saga-retry.js';
export type {
  ErrorWords,
  SagaEntry,
  SagaEvent,
  SagaState,
  SagaStatus,
  StepState,
  TurnBack,
} from './core/saga-state.js';
export {
  type BarrierAnswer,
  type BarrierContext,
  type BarrierDescription,
  type BarrierEvents,
  type BarrierSnapshot,
  ParticipantBarrier,
  type ParticipantBarrierOptions,
} from './saga/barrier.js';
export { BarrierDeadlockError, BarrierKeyError, BarrierResultError } from './saga/barrier-errors.js';
export type { BarrierCall } from './saga/barrier-key.js';
export {
  type InMemoryBarrierOptions,
  InMemoryBarrierStore,
  type MemoryTransaction,
} from './saga/barrier-memory.js';
export type { BarrierMark, BarrierRecord, BarrierStep, BarrierStore } from './saga/barrier-store.js';
export { checkDeploy, type Stranded } from './saga/check-deploy.js';
export { defineSaga, SagaDefinition, type SagaOptions } from './saga/definition.js';
export { groupStep, type KnownGroupStep } from './saga/group-step.js';
export type { InMemorySagaOptions } from './saga/in-memory-saga-options.js';
export { InMemorySagaStore } from './saga/in-memory-saga-store.js';
export { lintSaga, type SagaFinding } from './saga/lint-saga.js';
export { SagaOrchestrator } from './saga/orchestrator.js';
export type {
  ListOptions,
  SagaAddress,
  SagaNews,
  SagaOrchestratorDescription,
  SagaOrchestratorEvents,
  SagaOrchestratorOptions,
  SagaOrchestratorSnapshot,
  SagaRules,
  SignalOptions,
  StartOptions,
} from './saga/orchestrator-options.js';
export { type PlannedCall, type PlanSagaOptions, planSaga, type SagaDryRun } from './saga/plan-saga.js';
export type {
  DiscardedFromProcess,
  ParkedChoice,
  ParkedListOptions,
  ParkedProcess,
} from './saga/process-admin.js';
export type {
  BusMessage,
  ProcessBus,
  ProcessPublishOptions,
  ProcessSubscription,
} from './saga/process-bus.js';
export {
  defineProcess,
  type ProcessCommand,
  type ProcessDecision,
  type ProcessDefinition,
  type ProcessMessage,
  type ProcessMessageFacts,
  type ProcessTopic,
  type ProcessTopics,
  type ReceivedMessage,
} from './saga/process-definition.js';
export {
  ProcessBacklogError,
  ProcessConflictError,
  ProcessDecisionError,
  ProcessNotStartedError,
} from './saga/process-errors.js';
export type { ParkedWhy, ProcessEvents, ProcessHappening } from './saga/process-events.js';
export { type ProcessInstance, ProcessManager } from './saga/process-manager.js';
export { type InMemoryProcessOptions, InMemoryProcessStore } from './saga/process-memory.js';
export type {
  ProcessDefaults,
  ProcessManagerDescription,
  ProcessManagerOptions,
  ProcessManagerSnapshot,
  ProcessOutcome,
} from './saga/process-options.js';
export type {
  DiscardedCommand,
  ParkedCommand,
  ParkedQuery,
  ProcessParking,
} from './saga/process-parking.js';
export type { ProcessCause } from './saga/process-step.js';
export type {
  LoadedProcess,
  OutboxRun,
  ProcessChange,
  ProcessOutbox,
  ProcessStore,
  ProcessTimeout,
  SavedProcess,
} from './saga/process-store.js';
export {
  SagaCompensatedError,
  SagaParkedError,
  SagaRefusedError,
  SagaStoreError,
  StepFailedError,
} from './saga/saga-errors.js';
export type { SagaHandle } from './saga/saga-handle.js';
export { sagaToMermaid } from './saga/saga-mermaid.js';
export type { Saga, SagaData, SagaDescription, SagaNode } from './saga/saga-node.js';
export type {
  ClaimedSaga,
  Drivable,
  HistoryEntry,
  LockRequest,
  NewSaga,
  NewSignal,
  SagaCounts,
  SagaQuery,
  SagaRecord,
  SagaStore,
  SagaWrite,
  SignalTarget,
  StoredSignal,
  WriteAnswer,
} from './saga/saga-store.js';
export type { GroupOutputs, Kept, Storable, UnstorableOutput } from './saga/saga-types.js';
export type { CompensationContext, SagaView, StepContext } from './saga/step-context.js';
export type {
  Checked,
  CompensableGroupStep,
  CompensableStep,
  RetriableGroupStep,
  RunOptions,
  SagaRetryOptions,
  StepOptions,
} from './saga/step-options.js';
export { type ClassifyStep, type StepOutcome, stepOutcome } from './saga/step-outcome.js';
export type { LockOptions, WaitOptions } from './saga/waiting-nodes.js';
