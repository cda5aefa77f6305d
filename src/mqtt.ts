export type { MqttCapabilities } from './adapters/mqtt/mqtt-capabilities.js';
export type {
  MqttConnect,
  MqttConnecting,
  MqttConnection,
  MqttProperties,
  MqttPublication,
  MqttPublishing,
  MqttWelcome,
} from './adapters/mqtt/mqtt-connection.js';
export { type Mqtt5Options, mqtt5 } from './adapters/mqtt/mqtt5.js';
