export { type ObservedKind, observedKinds } from './observe/kinds.js';
export { Meter } from './observe/meter.js';
export type {
  MeterDefaults,
  MeterDescription,
  MeterEvents,
  MeteredCall,
  MeterOptions,
  MeterSnapshot,
  MeterUpdate,
} from './observe/meter-options.js';
export type { MeterSlice } from './observe/meter-slices.js';
export {
  type EventCount,
  Observatory,
  type ObservatoryOptions,
  type ObservedEvent,
  type Watchable,
  type WatchedThing,
  type WatchOptions,
} from './observe/observatory.js';
