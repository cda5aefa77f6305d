import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import type { Clock } from '../../kernel/clock.js';
import { DeadlineList, type Due } from '../../kernel/deadline-list.js';

/** Nobody listens where something was sent to. */
export class UnheardError extends Error {
  isNoResponders(): boolean {
    return true;
  }
}

/** So much that is said in one turn shares an inbox, a deadline and a promise. */
const MOST_TOGETHER = 32;

/** A question until it is answered; several that are answered alike are one, which is when all have been. */
class Question implements Due {
  readonly token: string;
  readonly subject: string;
  readonly answer: Promise<Msg>;
  resolve!: (message: Msg) => void;
  reject!: (error: unknown) => void;
  readonly latest = Infinity;
  /** So many answers are to come. */
  left = 1;
  dueAt = 0;
  dueBefore: Due | undefined = undefined;
  dueAfter: Due | undefined = undefined;

  constructor(token: string, subject: string) {
    this.token = token;
    this.subject = subject;
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
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
  readonly #questions = new Map<string, Question>();
  #inbox: string | undefined;
  #unsubscribe: (() => void) | undefined;
  #asked = 0;
  /** What was told in this turn, which others may join, and where its answers come. */
  #together: Question | undefined;
  #togetherReply = '';

  constructor(client: NatsConnection, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
    this.#due = new DeadlineList(clock, question => {
      this.#questions.delete(question.token);
      question.reject(new Error(`nats: no answer of ${question.subject} in time`));
    });
  }

  /** Throws what the client throws; rejects with an UnheardError, or after `timeoutMs`. */
  ask(
    subject: string,
    payload: Uint8Array | string,
    timeoutMs: number,
    headers: MsgHdrs | undefined,
  ): Promise<Msg> {
    const [token, reply] = this.#address();
    this.#client.publish(subject, payload, headers === undefined ? { reply } : { reply, headers });
    return this.#open(new Question(token, subject), timeoutMs).answer;
  }

  /**
   * As `ask`, for what is answered by nothing but that it was heard. What is told in one turn shares it:
   * either all of it was heard, or nobody knows what was, and all of it is to be told again.
   */
  tell(subject: string, payload: string, timeoutMs: number): Promise<unknown> {
    const together = this.#together;
    if (together !== undefined && together.left < MOST_TOGETHER) {
      this.#client.publish(subject, payload, { reply: this.#togetherReply });
      together.left++;
      return together.answer;
    }
    const [token, reply] = this.#address();
    this.#client.publish(subject, payload, { reply });
    const question = this.#open(new Question(token, subject), timeoutMs);
    this.#together = question;
    this.#togetherReply = reply;
    queueMicrotask(() => {
      if (this.#together === question) this.#together = undefined;
    });
    return question.answer;
  }

  #address(): readonly [token: string, reply: string] {
    this.#inbox ??= this.#listen();
    const token = (++this.#asked).toString(36);
    return [token, `${this.#inbox}.${token}`];
  }

  #open(question: Question, timeoutMs: number): Question {
    const now = this.#clock.coarse();
    question.dueAt = this.#due.fitting(now + timeoutMs);
    this.#due.add(question, now);
    this.#questions.set(question.token, question);
    return question;
  }

  /** Nobody will answer what was sent to `subject`, or anything at all where that is left out. */
  lose(error: Error, subject?: string): void {
    for (const question of [...this.#questions.values()]) {
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
    const question = this.#questions.get(token);
    if (question === undefined) return;
    const isHeard = message.data.byteLength > 0 || message.headers?.code !== 503;
    if (isHeard && --question.left > 0) return;
    this.#end(question);
    if (isHeard) question.resolve(message);
    else question.reject(new UnheardError(`nats: nobody listens to ${question.subject}`));
  }

  #end(question: Question): void {
    this.#questions.delete(question.token);
    this.#due.remove(question);
  }
}
