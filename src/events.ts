export {
  type AsyncApiChannel,
  type AsyncApiDocument,
  type AsyncApiInfo,
  type AsyncApiOptions,
  toAsyncApi,
} from './events/async-api.js';
export {
  type BridgedMessages,
  type BridgedSubscription,
  EventBridge,
  type EventBridgeOptions,
} from './events/event-bridge.js';
export { EventBus } from './events/event-bus.js';
export type {
  EventBusDescription,
  EventBusOptions,
  EventBusSnapshot,
  EventCheck,
  IterateOptions,
  ListenOptions,
  OnceOptions,
} from './events/event-bus-options.js';
export {
  EventOverflowError,
  type InvalidEvent,
  InvalidEventError,
  ListenersFailedError,
  ProjectionStoppedError,
} from './events/event-errors.js';
export type { EventFeed, FedEvent, Position } from './events/event-feed.js';
export type { EventInfo, EventListener } from './events/event-listener.js';
export { type EventLogOptions, InMemoryEventLog } from './events/event-log.js';
export type {
  EventOf,
  KnownPattern,
  Matching,
  NamesOf,
  PayloadArguments,
  PayloadOf,
} from './events/event-names.js';
export {
  type DecodedEvent,
  defineEvents,
  type EmittedOf,
  EventRegistry,
  type EventRegistryDescription,
  type EventRegistryOptions,
  type EventsOf,
} from './events/event-registry.js';
export type { EventStream } from './events/event-stream.js';
export type { EventTopic, EventTopicOptions } from './events/event-topic.js';
export { Projection } from './events/projection.js';
export type {
  EventReader,
  ProjectionContext,
  ProjectionDefinition,
  ProjectionDescription,
  ProjectionEvents,
  ProjectionHandler,
  ProjectionOptions,
  ProjectionSnapshot,
  ProjectionTrouble,
} from './events/projection-options.js';
export {
  InMemoryProjectionStore,
  type ParkedEvent,
  type ProjectionStore,
  type ProjectionUnit,
  type SavedProjection,
} from './events/projection-store.js';
export type { WhenProcessedOptions } from './events/projection-waiters.js';
export type {
  Chained,
  CurrentVersion,
  DecodedEvents,
  EmittedEvents,
  EventDefinitions,
  EventVersions,
  RegistryArguments,
  Upcasters,
  UpcastersOf,
} from './events/version-chain.js';
export type { SchemaIssue } from './kernel/schema-issues.js';
export type {
  SchemaInput,
  SchemaOutput,
  StandardIssue,
  StandardJsonSchema,
  StandardJsonSchemaOptions,
  StandardProps,
  StandardResult,
  StandardSchema,
} from './kernel/standard-schema.js';
