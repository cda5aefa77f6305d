export { type JetStreamOptions, jetStream } from './adapters/nats/jetstream.js';
export type { JetStreamCapabilities } from './adapters/nats/jetstream-capabilities.js';
