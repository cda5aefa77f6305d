/** A message as the client hands it over, or as it comes back. */
export interface RabbitMessage {
  readonly content: Uint8Array;
  readonly fields: {
    readonly deliveryTag: number;
    readonly redelivered: boolean;
    readonly exchange: string;
    readonly routingKey: string;
  };
  readonly properties: {
    readonly headers?: object | undefined;
    readonly contentType?: unknown;
    readonly messageId?: unknown;
    readonly correlationId?: unknown;
  };
}

/** What a message is published with, in the words of `amqplib`. */
export interface RabbitPublishing {
  readonly headers: Readonly<Record<string, string | boolean>>;
  readonly persistent: true;
  readonly mandatory: boolean;
  readonly contentType?: string;
  readonly messageId?: string;
  readonly correlationId?: string;
  /** Ms, as a text. */
  readonly expiration?: string;
}

/** What a queue or an exchange is declared with. */
export interface RabbitDeclaration {
  readonly durable?: boolean;
  readonly exclusive?: boolean;
  readonly arguments?: Readonly<Record<string, string | number | boolean>>;
}

/** What tells of errors and ends. */
interface Telling {
  on(event: string, listener: (...facts: never[]) => void): unknown;
}

/** A channel of `amqplib`, as far as the bus needs it. */
export interface RabbitChannel extends Telling {
  assertExchange(name: string, type: string, options?: RabbitDeclaration): Promise<unknown>;
  checkExchange(name: string): Promise<unknown>;
  bindExchange(to: string, from: string, pattern: string, args?: object): Promise<unknown>;
  assertQueue(name: string, options?: RabbitDeclaration): Promise<{ readonly messageCount: number }>;
  checkQueue(name: string): Promise<{ readonly messageCount: number }>;
  bindQueue(queue: string, from: string, pattern: string, args?: object): Promise<unknown>;
  deleteQueue(name: string): Promise<unknown>;
  prefetch(count: number): Promise<unknown>;
  consume(
    queue: string,
    listener: (message: RabbitMessage | null) => void,
    options?: { readonly noAck?: boolean },
  ): Promise<{ readonly consumerTag: string }>;
  cancel(tag: string): Promise<unknown>;
  get(queue: string): Promise<RabbitMessage | false>;
  ack(message: RabbitMessage): void;
  nack(message: RabbitMessage, allUpTo?: boolean, requeue?: boolean): void;
  reject(message: RabbitMessage, requeue?: boolean): void;
  close(): Promise<void>;
}

/** A channel whose server says of each message that it has it. */
export interface RabbitConfirmChannel extends RabbitChannel {
  publish(
    exchange: string,
    key: string,
    content: Buffer,
    options: RabbitPublishing,
    confirm: (error: unknown) => void,
  ): boolean;
}

/**
 * What the bus over RabbitMQ asks of a connection: what `connect` of `amqplib` resolves with fits as it is,
 * without its `recovery`, for the bus connects again by itself.
 */
export interface RabbitConnection extends Telling {
  createChannel(): Promise<RabbitChannel>;
  createConfirmChannel(): Promise<RabbitConfirmChannel>;
  close(): Promise<void>;
}
