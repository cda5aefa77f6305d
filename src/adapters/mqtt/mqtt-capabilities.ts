/** What a broker of MQTT 5 can do, with this driver. */
export interface MqttCapabilities {
  /** PUBACK. Whether the message outlives a crash of the broker is for its persistence. */
  readonly confirm: 'received';
  /** Sessions that stay; the next members take them over. */
  readonly durableGroups: true;
  /** A session of its own, which is kept for a minute when the connection is lost. */
  readonly fanOut: true;
  /** Those of the broker: `*` is `+`, `>` is `+/#`. */
  readonly wildcards: true;
  /** When the lease is over a peer takes over the session. */
  readonly redeliverOnCrash: 'peer';
  /** What is to come again waits in the process, and is not acknowledged. */
  readonly nackDelay: 'none';
  /** DUP: the second delivery or a later one. Redelivery in the process is counted. */
  readonly attempt: 'flag';
  /** No need: a message is held for as long as the connection holds. */
  readonly extendLease: false;
  /** `Infinity`: as long as the connection holds. */
  readonly longestLeaseMs: number;
  /** Copied, with an acknowledgement, and settled then. */
  readonly deadLetter: 'emulated';
  /** They are messages of a topic. */
  readonly browseDeadLetters: false;
  /** Not at all. */
  readonly delayedPublish: 'none';
  /** The message expiry interval, in whole seconds; the bus looks at the rest. */
  readonly ttl: 'native';
  /** None. */
  readonly priorities: 0;
  /** A group's messages are dealt out to its members in turn. */
  readonly order: 'none';
  /** There is no order. */
  readonly nackKeepsOrder: false;
  /** A group begins with what comes. */
  readonly earliest: false;
  /** Use `idempotency` where a message is handled. */
  readonly dedupe: 'none';
  /** A slow member gets its share all the same. */
  readonly dealsInTurn: true;
  /** As the user has set it. */
  readonly maxRecordBytes: number;
}

/** All but the bound that the user sets. */
export const mqttCapabilities: Omit<MqttCapabilities, 'maxRecordBytes'> = {
  confirm: 'received',
  durableGroups: true,
  fanOut: true,
  wildcards: true,
  redeliverOnCrash: 'peer',
  nackDelay: 'none',
  attempt: 'flag',
  extendLease: false,
  longestLeaseMs: Infinity,
  deadLetter: 'emulated',
  browseDeadLetters: false,
  delayedPublish: 'none',
  ttl: 'native',
  priorities: 0,
  order: 'none',
  nackKeepsOrder: false,
  earliest: false,
  dedupe: 'none',
  dealsInTurn: true,
};
