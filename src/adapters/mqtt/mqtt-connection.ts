/** Properties of MQTT 5, as far as they are spoken of here, in the words of MQTT.js. */
export interface MqttProperties {
  /** The media type of the body. */
  readonly contentType?: string;
  /** Headers, by name; a name may stand there more than once. */
  readonly userProperties?: Record<string, string | string[]>;
  /** For how many seconds it is of use. */
  readonly messageExpiryInterval?: number;
}

/** A message as MQTT.js hands it over. */
export interface MqttPublication {
  /** Where it was published. */
  readonly topic: string;
  /** Its body. */
  readonly payload: string | Uint8Array;
  /** Whether it was sent before. */
  readonly dup: boolean;
  /** Whether it was published before the subscription was there. */
  readonly retain: boolean;
  /** What is said of it. */
  readonly properties?: MqttProperties;
}

/** What the broker says of itself when it lets a client in. */
export interface MqttWelcome {
  /** Whether it knows the session. */
  readonly sessionPresent?: boolean;
  /** What it can do, and how much it takes; what is left out it can. */
  readonly properties?: {
    readonly receiveMaximum?: number;
    readonly maximumPacketSize?: number;
    readonly maximumQoS?: number;
    readonly sharedSubscriptionAvailable?: boolean;
    readonly wildcardSubscriptionAvailable?: boolean;
    readonly retainAvailable?: boolean;
    readonly sessionExpiryInterval?: number;
  };
}

/** How one message is published. */
export interface MqttPublishing {
  /** At least once. */
  readonly qos: 1;
  /** Whether the broker keeps it as the last one of its topic. */
  readonly retain: boolean;
  /** What is said of it. */
  readonly properties: MqttProperties;
}

/** What the driver says when it opens a connection; goes over what the caller's own options say. */
export interface MqttConnecting {
  /** The name of the session. */
  readonly clientId: string;
  /** Whether a session of this name begins anew. */
  readonly clean: boolean;
  /** MQTT 5: earlier versions have no headers, no shared subscriptions and no reasons. */
  readonly protocolVersion: 5;
  /** A connection that breaks is not mended: a new one is opened. */
  readonly reconnectPeriod: 0;
  /** A subscription is of the session, and made again by the driver where the session is lost. */
  readonly resubscribe: false;
  /** The ms within which the broker has to answer. */
  readonly connectTimeout: number;
  /** Those of the session. */
  readonly properties: {
    /** For how many seconds the session outlives the connection. */
    readonly sessionExpiryInterval: number;
    /** How many messages the broker may send before one is acknowledged. */
    readonly receiveMaximum: number;
  };
  /** What the broker publishes when the connection is lost without a word. */
  readonly will?: {
    readonly topic: string;
    readonly payload: Buffer;
    readonly qos: 1;
    readonly retain: true;
    readonly properties: { readonly willDelayInterval: number; readonly messageExpiryInterval: number };
  };
}

/**
 * What the driver asks of a connection: an `MqttClient` of MQTT.js 5 fits as it is.
 */
export interface MqttConnection {
  /** Set by the driver: is called with each message, and holds its acknowledgement until it calls back. */
  handleMessage: (packet: never, callback: (error?: Error) => void) => void;
  /** Publishes; calls back with the acknowledgement. */
  publish(
    topic: string,
    message: Buffer,
    options: MqttPublishing,
    callback: (error?: Error | null, packet?: { readonly messageId?: number }) => void,
  ): unknown;
  /** Subscribes the session; calls back when the broker has. */
  subscribe(
    topic: string,
    options: { qos: 1; rh: 0 | 2; rap: boolean },
    callback: (error: Error | null) => void,
  ): unknown;
  /** Ends a subscription of the session. */
  unsubscribe(topic: string, callback: (error?: Error) => void): unknown;
  /** Ends the connection: by force, or with a farewell. */
  end(
    force: boolean,
    options: { reasonCode?: number; properties?: { sessionExpiryInterval?: number } },
    callback?: () => void,
  ): unknown;
  on(event: 'connect', listener: (welcome: MqttWelcome) => void): unknown;
  /** The only way to learn that an acknowledgement says that nobody has subscribed. */
  on(
    event: 'packetreceive',
    listener: (packet: {
      readonly cmd: string;
      readonly messageId?: number | undefined;
      readonly reasonCode?: number | undefined;
    }) => void,
  ): unknown;
  on(event: 'disconnect', listener: (packet: { readonly reasonCode?: number }) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
}

/** Opens a connection, as `mqtt.connect(url, options)` does: it answers at once and connects by itself. */
export type MqttConnect = (options: MqttConnecting) => MqttConnection;
