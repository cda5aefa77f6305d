export type { DeliveryOrder, Settlement } from './core/delivery-queue.js';
export type { RedeliveryRules } from './core/redelivery.js';
export {
  BusClosedError,
  InvalidMessageError,
  LeaseLostError,
  PublishError,
  type PublishFacts,
  RecordTooLargeError,
  RequestFailedError,
  TopologyError,
  UnsupportedCapabilityError,
} from './kernel/bus-errors.js';
export type { SchemaIssue } from './kernel/schema-issues.js';
export type {
  SchemaInput,
  SchemaOutput,
  StandardIssue,
  StandardResult,
  StandardSchema,
} from './kernel/standard-schema.js';
export type { BusOptions } from './messaging/bus-options.js';
export type { Payload } from './messaging/bytes.js';
export type { Capabilities, Support, Where } from './messaging/capabilities.js';
export { type CloudEvent, type CloudEventInit, cloudEvent } from './messaging/cloud-event.js';
export {
  type AmqpCloudEvent,
  type AmqpMessage,
  cloudEventFromAmqp,
  cloudEventToAmqp,
} from './messaging/cloud-event-amqp.js';
export type { BodySource } from './messaging/cloud-event-data.js';
export type { CloudEventEncoding } from './messaging/cloud-event-encoding.js';
export type { HeaderSource } from './messaging/cloud-event-headers.js';
export {
  cloudEventFromHttp,
  cloudEventsFromHttp,
  cloudEventsToHttp,
  cloudEventToHttp,
  type HttpCloudEvent,
  type HttpMessage,
} from './messaging/cloud-event-http.js';
export {
  cloudEventFromJson,
  cloudEventsFromJson,
  cloudEventsToJson,
  cloudEventToJson,
} from './messaging/cloud-event-json.js';
export {
  cloudEventFromKafka,
  cloudEventToKafka,
  type KafkaCloudEvent,
  type KafkaEncoding,
  type KafkaKey,
  type KafkaMessage,
  partitionKeyOf,
} from './messaging/cloud-event-kafka.js';
export type { CloudEventLimits } from './messaging/cloud-event-limits.js';
export {
  cloudEventFromMqtt,
  cloudEventToMqtt,
  type MqttCloudEvent,
  type MqttMessage,
} from './messaging/cloud-event-mqtt.js';
export {
  cloudEventFromNats,
  cloudEventToNats,
  type NatsCloudEvent,
  type NatsMessage,
} from './messaging/cloud-event-nats.js';
export type { AttributeValue } from './messaging/cloud-event-rules.js';
export { bytesCodec, type Codec, jsonCodec } from './messaging/codec.js';
export type { DeathReason, Drained, SubscriptionEvents } from './messaging/consumer-events.js';
export type { DeadLetter, DeadLetters } from './messaging/dead-letters.js';
export type {
  DeadLetterShelf,
  DeadRecord,
  Driver,
  DriverSubscription,
  InRecord,
  OutRecord,
  PublishOutcome,
  RawDelivery,
  Settled,
  Sink,
  SubscribeSpec,
} from './messaging/driver.js';
export { createBus } from './messaging/driver-bus.js';
export type { Handler } from './messaging/handling.js';
export {
  type Familiarity,
  type IdempotencyStore,
  type InMemoryIdempotencyOptions,
  InMemoryIdempotencyStore,
} from './messaging/idempotency.js';
export { InMemoryBroker, type InMemoryBrokerOptions } from './messaging/in-memory-broker.js';
export { InMemoryBus, type InMemoryBusOptions } from './messaging/in-memory-bus.js';
export type { MemoryCapabilities } from './messaging/memory-driver.js';
export type { Message, MessageFacts } from './messaging/message.js';
export type {
  BusEvents,
  BusSnapshot,
  MessageBus,
  PublishOptions,
  PublishResult,
  RequestOptions,
  Subscription,
  SubscriptionDescription,
  SubscriptionSnapshot,
} from './messaging/message-bus.js';
export type { Published } from './messaging/pending-publish.js';
export type { SqlTransaction } from './messaging/sql-transaction.js';
export type {
  CommonSubscribeOptions,
  FailurePolicy,
  FailureVerdict,
  SubscribeOptions,
} from './messaging/subscribe-options.js';
export { type Topic, type TopicOptions, topic } from './messaging/topic.js';
export {
  type ChildTraceOptions,
  childTraceContext,
  formatTraceContext,
  parseTraceContext,
  type TraceContext,
  type TraceHeaders,
  type TraceStateEntry,
  withTraceState,
} from './messaging/trace-context.js';
