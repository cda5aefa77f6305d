export {
  type Exploration,
  ExplorationError,
  explore,
  type Liveness,
  type Machine,
  type Objection,
} from './testing/explore.js';
export {
  type MicrotaskSweep,
  microtaskSweep,
  SweepError,
  type SweepFailure,
  type SweptCall,
} from './testing/microtask-sweep.js';
export { type SeededRandom, seededRandom } from './testing/seeded-random.js';
export { settle } from './testing/settle.js';
export { VirtualClock, type VirtualClockOptions } from './testing/virtual-clock.js';
