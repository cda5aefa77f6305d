export type { Payload } from './messaging/bytes.js';
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
