/** What a broker of MQTT 5 can do, with this driver. */
export interface MqttCapabilities {
  /** The broker has it. Whether that outlives a crash of the broker is for the broker's persistence. */
  readonly confirm: 'received';
  /** The sessions of a group's members stay, and the next members take them over. */
  readonly durableGroups: true;
  /** A plain subscription in a session of its own. */
  readonly fanOut: true;
  /** Those of the broker. */
  readonly wildcards: true;
  /** A peer takes over the session of a member that is gone; the broker itself would wait for that member. */
  readonly redeliverOnCrash: 'peer';
  /** MQTT has no way to refuse a message for now: what is to come again waits in the process. */
  readonly nackDelay: 'none';
  /** A delivery only says that there may have been one before it. */
  readonly attempt: 'flag';
  /** There is no need to: a message is held as long as its session is. */
  readonly extendLease: false;
  /** `Infinity`: as long as the connection holds. */
  readonly longestLeaseMs: number;
  /** Copied to a topic of their own, and settled then. */
  readonly deadLetter: 'emulated';
  /** They are messages of a topic: consume it. */
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
  /** What is published twice is there twice. */
  readonly dedupe: 'none';
  /** Members get their share in turn, whether they have room for it or not. */
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
