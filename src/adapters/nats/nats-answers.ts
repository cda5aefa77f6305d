import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import type { Clock } from '../../kernel/clock.js';
import { DeadlineList, type Due } from '../../kernel/deadline-list.js';

/** Nobody listens where something was sent to. */
export class UnheardError extends Error {
  isNoResponders(): boolean {
    return true;
  }
}

/** A question until it is answered. */
class Question implements Due {
  readonly token: string;
  readonly subject: string;
  readonly resolve: (message: Msg) => void;
  readonly reject: (error: unknown) => void;
  readonly latest = Infinity;
  dueAt = 0;
  dueBefore: Due | undefined = undefined;
  dueAfter: Due | undefined = undefined;

  constructor(
    token: string,
    subject: string,
    resolve: (message: Msg) => void,
    reject: (error: unknown) => void,
  ) {
    this.token = token;
    this.subject = subject;
    this.resolve = resolve;
    this.reject = reject;
  }
}

/** The prefix of inboxes that the user has set on the connection; its type does not tell. */
export const inboxOf = (client: NatsConnection): string =>
  createInbox((client as { readonly options?: { readonly inboxPrefix?: string } }).options?.inboxPrefix);

/**
 * Questions and their answers over one inbox. The client could do it, too, but makes two errors with their
 * stacks and a timer for each question that goes well, which is a quarter of what a message costs.
 */
export class NatsAnswers {
  readonly #client: NatsConnection;
  readonly #clock: Clock;
  readonly #due: DeadlineList<Question>;
  readonly #open = new Map<string, Question>();
  #inbox: string | undefined;
  #unsubscribe: (() => void) | undefined;
  #asked = 0;

  constructor(client: NatsConnection, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
    this.#due = new DeadlineList(clock, question => {
      this.#open.delete(question.token);
      question.reject(new Error(`nats: no answer of ${question.subject} in time`));
    });
  }

  /** Rejects with what the client throws, with an UnheardError, or after `timeoutMs`. */
  ask(
    subject: string,
    payload: Uint8Array | string,
    timeoutMs: number,
    headers: MsgHdrs | undefined,
  ): Promise<Msg> {
    return new Promise((resolve, reject) => {
      this.#inbox ??= this.#listen();
      const token = (++this.#asked).toString(36);
      const reply = `${this.#inbox}.${token}`;
      this.#client.publish(subject, payload, headers === undefined ? { reply } : { reply, headers });
      const question = new Question(token, subject, resolve, reject);
      const now = this.#clock.coarse();
      question.dueAt = this.#due.fitting(now + timeoutMs);
      this.#due.add(question, now);
      this.#open.set(token, question);
    });
  }

  /** Nobody will answer what was sent to `subject`, or anything at all where that is left out. */
  lose(error: Error, subject?: string): void {
    for (const question of [...this.#open.values()]) {
      if (subject !== undefined && question.subject !== subject) continue;
      this.#end(question);
      question.reject(error);
    }
  }

  /** Listens no more. */
  close(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  #listen(): string {
    const inbox = inboxOf(this.#client);
    const subscription = this.#client.subscribe(`${inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#hear(message, message.subject.slice(inbox.length + 1));
        // It may not be listened to: the next one tries anew.
        else {
          this.#inbox = undefined;
          this.lose(error);
        }
      },
    });
    this.#unsubscribe = () => {
      if (!subscription.isClosed()) subscription.unsubscribe();
    };
    return inbox;
  }

  #hear(message: Msg, token: string): void {
    const question = this.#open.get(token);
    if (question === undefined) return;
    this.#end(question);
    if (message.data.byteLength > 0 || message.headers?.code !== 503) question.resolve(message);
    else question.reject(new UnheardError(`nats: nobody listens to ${question.subject}`));
  }

  #end(question: Question): void {
    this.#open.delete(question.token);
    this.#due.remove(question);
  }
}
