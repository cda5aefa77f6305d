import { type Payload, utf8 } from './bytes.js';
import { type CloudEvent, checkedEvent } from './cloud-event.js';
import { binaryEvent, contentTypeFor, type HeaderForm, headersFor } from './cloud-event-binary.js';
import { type BodySource, dataBytes } from './cloud-event-data.js';
import { type CloudEventEncoding, isStructured } from './cloud-event-encoding.js';
import { type HeaderSource, headerValue, pairsOf } from './cloud-event-headers.js';
import { cloudEventToJson, eventInBody } from './cloud-event-json.js';
import { type CloudEventLimits, limitsOf } from './cloud-event-limits.js';
import { refuseMessage } from './cloud-event-refusal.js';
import { canonicalText } from './cloud-event-rules.js';
import { contentModeOf, EVENT_TYPE } from './media-type.js';

/** An event as an MQTT 5 PUBLISH carries it, in the shape of MQTT.js. */
export interface MqttCloudEvent {
  /** What `publish` takes as `properties`. MQTT 3.1.1 has none: send the payload of structured mode. */
  readonly properties: {
    /** Left out where nothing says what the data is. */
    readonly contentType?: string;
    /** Attributes under their own names. */
    readonly userProperties: Readonly<Record<string, string>>;
  };
  /** MQTT.js wants a `Buffer` of it. Empty for an event without data in binary mode. */
  readonly payload: Payload;
}

/** What an MQTT PUBLISH brought; an `IPublishPacket` of MQTT.js is one. */
export interface MqttMessage {
  /** Left out by MQTT 3.1.1, which has structured mode only. */
  readonly properties?:
    | {
        /** The media type of the payload. */
        readonly contentType?: string | undefined;
        /** Those that could not be attributes are left alone. */
        readonly userProperties?: HeaderSource | undefined;
      }
    | undefined;
  /** The payload. */
  readonly payload?: BodySource;
}

const mqttForm: HeaderForm = {
  prefixes: [''],
  skipsOthers: true,
  write: canonicalText,
  read: headerValue,
};

/** Puts an event into an MQTT message. Throws a `CloudEventError` for an event that breaks a rule. */
export function cloudEventToMqtt(event: CloudEvent, encoding?: CloudEventEncoding): MqttCloudEvent {
  if (isStructured(encoding)) {
    const payload = utf8(cloudEventToJson(event));
    return { properties: { contentType: EVENT_TYPE, userProperties: {} }, payload };
  }
  const checked = checkedEvent(event);
  const type = contentTypeFor(checked);
  const userProperties = headersFor(checked, mqttForm, 'datacontenttype') as Record<string, string>;
  const properties = type === undefined ? { userProperties } : { contentType: type, userProperties };
  return { properties, payload: dataBytes(checked.data, type) ?? utf8('') };
}

/**
 * Reads the event of an MQTT message: structured where the content type says so or there are no properties,
 * else binary. Throws a `CloudEventError` for anything but one valid event within the limits.
 */
export function cloudEventFromMqtt(message: MqttMessage, limits?: CloudEventLimits): CloudEvent {
  const checked = limitsOf(limits);
  const properties = message?.properties;
  if (properties === undefined || properties === null) return eventInBody(message?.payload, checked);
  const { contentType: type, userProperties } = properties;
  if (type !== undefined && typeof type !== 'string') refuseMessage('the content type must be a text', type);
  const mode = contentModeOf(type);
  if (mode === 'structured') return eventInBody(message.payload, checked);
  if (mode === 'batch') return refuseMessage('a message must hold one event', type);
  return binaryEvent(pairsOf(userProperties), mqttForm, type, message.payload, checked);
}
