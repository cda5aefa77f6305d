export {
  type Exploration,
  ExplorationError,
  explore,
  type Liveness,
  type Machine,
  type Verdict,
} from './testing/explore.js';
