export { type ObservedKind, observedKinds } from './observe/kinds.js';
export {
  type EventCount,
  Observatory,
  type ObservatoryOptions,
  type ObservedEvent,
  type Watchable,
  type WatchedThing,
  type WatchOptions,
} from './observe/observatory.js';
