/** A message as the client hands it over, or as it comes back. */
export interface RabbitMessage {
  /** The body. */
  readonly content: Uint8Array;
  /** What the server says of this delivery. */
  readonly fields: {
    /** Counted anew on each channel. */
    readonly deliveryTag: number;
    /** It was handed out before. */
    readonly redelivered: boolean;
    /** What it was published to. */
    readonly exchange: string;
    /** What it was published with. */
    readonly routingKey: string;
  };
  /** What its publisher said of it. */
  readonly properties: {
    /** A table: values of any kind. */
    readonly headers?: object | undefined;
    /** The media type of the body. */
    readonly contentType?: unknown;
    /** The id. */
    readonly messageId?: unknown;
    /** By this the bus knows what comes back to it. */
    readonly correlationId?: unknown;
  };
}

/** What a message is published with, in the words of `amqplib`. */
export interface RabbitPublishing {
  /** Texts, and truths by which a message finds its way through its wait. */
  readonly headers: Readonly<Record<string, string | boolean>>;
  /** It outlives the server. */
  readonly persistent: true;
  /** It comes back where no queue gets it. */
  readonly mandatory: boolean;
  /** The media type of the body. */
  readonly contentType?: string;
  /** The id. */
  readonly messageId?: string;
  /** By this the bus knows what comes back to it. */
  readonly correlationId?: string;
  /** After how many ms it ends, as a text. */
  readonly expiration?: string;
}

/** What a queue or an exchange is declared with. */
export interface RabbitDeclaration {
  /** It outlives the server. */
  readonly durable?: boolean;
  /** It is for one connection, and ends with it. */
  readonly exclusive?: boolean;
  /** Whatever else there is to say. */
  readonly arguments?: Readonly<Record<string, string | number | boolean>>;
}

/** What tells of errors and ends. */
interface Telling {
  /** Hears of an event. */
  on(event: string, listener: (...facts: never[]) => void): unknown;
}

/** A channel of `amqplib`, as far as the bus needs it. What the server does not like closes it. */
export interface RabbitChannel extends Telling {
  /** Makes an exchange, or compares it with one that is there. */
  assertExchange(name: string, type: string, options?: RabbitDeclaration): Promise<unknown>;
  /** Fails where there is no such exchange. */
  checkExchange(name: string): Promise<unknown>;
  /** Leads from one exchange to another. */
  bindExchange(to: string, from: string, pattern: string, args?: object): Promise<unknown>;
  /** Makes a queue, or compares it with one that is there. */
  assertQueue(name: string, options?: RabbitDeclaration): Promise<{ readonly messageCount: number }>;
  /** Fails where there is no such queue. */
  checkQueue(name: string): Promise<{ readonly messageCount: number }>;
  /** Leads from an exchange to a queue. */
  bindQueue(queue: string, from: string, pattern: string, args?: object): Promise<unknown>;
  /** Deletes a queue, which need not be there. */
  deleteQueue(name: string): Promise<unknown>;
  /** How many messages may be unsettled, of each consumer from now on. */
  prefetch(count: number): Promise<unknown>;
  /** Listens to a queue; `null` tells that the server has ended it. */
  consume(
    queue: string,
    listener: (message: RabbitMessage | null) => void,
    options?: {
      /** Nothing is to be settled. */
      readonly noAck?: boolean;
    },
  ): Promise<{ readonly consumerTag: string }>;
  /** Listens no more. */
  cancel(tag: string): Promise<unknown>;
  /** Takes one message out; `false` where there is none. */
  get(queue: string): Promise<RabbitMessage | false>;
  /** It has been dealt with. */
  ack(message: RabbitMessage): void;
  /** Gives it back, or lets it go. */
  nack(message: RabbitMessage, allUpTo?: boolean, requeue?: boolean): void;
  /** As `nack`, of one; servers from 4.3 on count it. */
  reject(message: RabbitMessage, requeue?: boolean): void;
  /** Ends the channel. */
  close(): Promise<void>;
}

/** A channel whose server says of each message that it has it. */
export interface RabbitConfirmChannel extends RabbitChannel {
  /** `confirm` is told `null` when the server has the message, and an error when it has not. */
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
  /** A channel of its own. */
  createChannel(): Promise<RabbitChannel>;
  /** A channel with confirms. */
  createConfirmChannel(): Promise<RabbitConfirmChannel>;
  /** Ends it. */
  close(): Promise<void>;
}
