export type { RabbitCapabilities } from './adapters/rabbitmq/rabbit-capabilities.js';
export type {
  RabbitChannel,
  RabbitConfirmChannel,
  RabbitConnection,
  RabbitDeclaration,
  RabbitMessage,
  RabbitPublishing,
} from './adapters/rabbitmq/rabbit-client.js';
export { type RabbitmqOptions, rabbitmq } from './adapters/rabbitmq/rabbitmq.js';
