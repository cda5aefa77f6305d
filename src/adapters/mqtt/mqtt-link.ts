import type { Clock } from '../../kernel/clock.js';
import { factOf } from '../../kernel/errors.js';
import type {
  MqttConnect,
  MqttConnecting,
  MqttConnection,
  MqttPublication,
  MqttPublishing,
  MqttWelcome,
} from './mqtt-connection.js';

/** Reasons of MQTT 5 that mean something here. */
export const reason = {
  noMatchingSubscribers: 0x10,
  badUserNameOrPassword: 0x86,
  notAuthorized: 0x87,
  topicNameInvalid: 0x90,
  sessionTakenOver: 0x8e,
  topicFilterInvalid: 0x8f,
  packetTooLarge: 0x95,
  quotaExceeded: 0x97,
  payloadFormatInvalid: 0x99,
  sharedSubscriptionsNotSupported: 0x9e,
  wildcardSubscriptionsNotSupported: 0xa2,
} as const;

/** Why a link failed, with the broker's reason where it gave one. */
export class LinkError extends Error {
  readonly reasonCode: number | undefined;
  /** The connection was lost before there was an answer. */
  readonly unanswered: boolean;

  constructor(
    message: string,
    facts: { reasonCode?: number | undefined; unanswered?: boolean; cause?: unknown },
  ) {
    super(`mqtt: ${message}`, { cause: facts.cause });
    this.reasonCode = facts.reasonCode;
    this.unanswered = facts.unanswered ?? false;
  }
}

/** What is told of a link. */
export interface LinkEvents {
  /** A message; the broker sends so many more as are acknowledged. */
  message(link: MqttLink, packet: MqttPublication, acknowledge: () => void): void;
  /** It was open and is not any more; not told of an end that was asked for. */
  closed(link: MqttLink, error: LinkError): void;
}

const CONNECT_MS = 10_000;
const FAREWELL_MS = 2_000;

/** What the driver says in the same way each time. */
export const connecting: Pick<
  MqttConnecting,
  'protocolVersion' | 'reconnectPeriod' | 'resubscribe' | 'connectTimeout'
> = { protocolVersion: 5, reconnectPeriod: 0, resubscribe: false, connectTimeout: CONNECT_MS };

/**
 * One connection, from its beginning to its end: it is never mended, so that nothing of it can come after it.
 */
export class MqttLink {
  readonly #connection: MqttConnection;
  readonly #clock: Clock;
  readonly #events: LinkEvents;
  readonly #unanswered = new Set<(error: unknown) => void>();
  /** The ids of what was acknowledged with the word that nobody has subscribed. */
  readonly #unheard = new Set<number>();
  #welcome: MqttWelcome | undefined;
  #settleOpening: { readonly resolve: () => void; readonly reject: (error: LinkError) => void } | undefined;
  #dead = false;
  #lastError: unknown;
  #farewell: number | undefined;

  private constructor(connection: MqttConnection, clock: Clock, events: LinkEvents) {
    this.#connection = connection;
    this.#clock = clock;
    this.#events = events;
  }

  /** @throws LinkError when the broker does not let it in. */
  static async open(
    connect: MqttConnect,
    options: MqttConnecting,
    clock: Clock,
    events: LinkEvents,
  ): Promise<MqttLink> {
    const link = new MqttLink(connect(options), clock, events);
    await link.#open();
    return link;
  }

  get alive(): boolean {
    return !this.#dead;
  }

  /** What the broker has said of itself. */
  get welcome(): MqttWelcome {
    return this.#welcome ?? {};
  }

  /** Resolves with the reason of the acknowledgement, 0 or `noMatchingSubscribers`. */
  publish(topic: string, body: Buffer, options: MqttPublishing): Promise<number> {
    return this.#ask('publish', done =>
      this.#connection.publish(topic, body, options, (error, packet) => {
        const unheard = this.#unheard.delete(packet?.messageId ?? -1);
        done(error, unheard ? reason.noMatchingSubscribers : 0);
      }),
    );
  }

  async subscribe(filter: string, retained: boolean): Promise<void> {
    const options = { qos: 1, rh: retained ? 0 : 2, rap: false } as const;
    await this.#ask('subscribe', done =>
      this.#connection.subscribe(filter, options, error => done(error, 0)),
    );
  }

  async unsubscribe(filter: string): Promise<void> {
    await this.#ask('unsubscribe', done => this.#connection.unsubscribe(filter, error => done(error, 0)));
  }

  /** What is waited for, unless the connection is lost before it comes. */
  orLost<T>(awaited: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#dead) {
        reject(new LinkError('there is no connection', {}));
        return;
      }
      this.#unanswered.add(reject);
      const done = (): boolean => this.#unanswered.delete(reject);
      awaited.then(
        value => done() && resolve(value),
        (error: unknown) => done() && reject(error),
      );
    });
  }

  /** What is waited for at the end, for so long as an end may take. */
  within(farewell: Promise<void>): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const timer = this.#clock.schedule(FAREWELL_MS, resolve, true);
      farewell.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  /** Takes its leave; `forget` ends the session as well. Never rejects, and takes its time only so long. */
  async end(forget: boolean): Promise<void> {
    if (this.#dead) return;
    this.#die(new LinkError('the connection was closed', { unanswered: true }));
    const properties = forget ? { sessionExpiryInterval: 0 } : {};
    await this.within(
      new Promise(resolve => void this.#connection.end(false, { reasonCode: 0, properties }, resolve)),
    );
    // Nothing happens to one that has ended.
    this.#connection.end(true, {});
  }

  /** Ends it as if it had broken. */
  cut(): void {
    if (this.#dead) return;
    this.#die(new LinkError('the connection was given up', { unanswered: true }));
    this.#connection.end(true, {});
  }

  #open(): Promise<void> {
    const connection = this.#connection;
    connection.handleMessage = (packet: MqttPublication, callback: (error?: Error) => void): void =>
      this.#take(packet, callback);
    connection.on('error', error => {
      this.#lastError = error;
      // One that was not let in may never be told to have closed.
      if (this.#welcome === undefined) this.#fail();
    });
    connection.on('packetreceive', ({ cmd, messageId, reasonCode }) => {
      const isUnheard = cmd === 'puback' && reasonCode === reason.noMatchingSubscribers;
      if (isUnheard && messageId !== undefined) this.#unheard.add(messageId);
    });
    connection.on('disconnect', packet => {
      this.#farewell = packet.reasonCode;
    });
    connection.on('close', () => this.#fail());
    return new Promise((resolve, reject) => {
      this.#settleOpening = { resolve, reject };
      connection.on('connect', welcome => {
        this.#welcome = welcome;
        resolve();
      });
    });
  }

  /**
   * The client handles one message at a time. Called with an error its callback goes on without an
   * acknowledgement; called again it sends that, in whatever order messages are done with.
   */
  #take(packet: MqttPublication, callback: (error?: Error) => void): void {
    callback(new Error('not yet'));
    if (this.#dead) return;
    this.#events.message(this, packet, () => {
      if (!this.#dead) callback();
    });
  }

  #ask(what: string, how: (done: (error: Error | null | undefined, answer: number) => void) => void) {
    return new Promise<number>((resolve, reject) => {
      if (this.#dead) {
        reject(new LinkError(`cannot ${what}: there is no connection`, {}));
        return;
      }
      this.#unanswered.add(reject);
      how((error, answer) => {
        if (!this.#unanswered.delete(reject)) return;
        if (error === null || error === undefined) resolve(answer);
        else reject(new LinkError(`${what}: ${error.message}`, { reasonCode: codeOf(error), cause: error }));
      });
    });
  }

  #fail(): void {
    if (this.#dead) return;
    const reasonCode = this.#farewell ?? codeOf(this.#lastError);
    const why = this.#lastError instanceof Error ? `: ${this.#lastError.message}` : '';
    const text = this.#farewell === undefined ? why : ` by the broker, reason ${hex(this.#farewell)}`;
    const facts = { reasonCode, cause: this.#lastError, unanswered: true };
    const error = new LinkError(`the connection was lost${text}`, facts);
    const wasOpen = this.#welcome !== undefined;
    this.#die(error);
    this.#connection.end(true, {});
    if (wasOpen) this.#events.closed(this, error);
  }

  #die(error: LinkError): void {
    this.#dead = true;
    this.#settleOpening?.reject(error);
    for (const reject of this.#unanswered) reject(error);
    this.#unanswered.clear();
  }
}

const hex = (code: number): string => `0x${code.toString(16)}`;

/** The reason in an error of the client: its own code, or what a SUBACK says in its place. */
function codeOf(error: unknown): number | undefined {
  const code = factOf(error, 'code');
  if (typeof code === 'number') return code;
  const { packet } = (error ?? {}) as { readonly packet?: { readonly granted?: readonly number[] } };
  return packet?.granted?.find(each => each >= 0x80);
}
