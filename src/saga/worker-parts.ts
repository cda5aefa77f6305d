import type { Clock } from '../kernel/clock.js';
import type { Emitter } from '../kernel/events.js';
import type { Random } from '../kernel/random.js';
import type { SagaOrchestratorEvents, SagaRules } from './orchestrator-options.js';
import type { DrivenSaga } from './run-host.js';
import type { SagaData } from './saga-node.js';
import type { SagaStore } from './saga-store.js';
import type { OtherSagas } from './waiting-steps.js';

/** What a worker is made of. */
export interface WorkerParts {
  readonly store: SagaStore;
  readonly definitions: readonly SagaData[];
  readonly rules: SagaRules;
  readonly owner: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: Emitter<SagaOrchestratorEvents>;
  readonly turnBack: OtherSagas['turnBack'];
  /** A saga is over, or parked, as far as this worker knows. */
  readonly onEnd: (run: DrivenSaga) => void;
}
