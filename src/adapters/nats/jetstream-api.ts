import type { ConsumerConfig, ConsumerInfo, PubAck, StreamConfig, StreamInfo } from '@nats-io/jetstream';
import type { Msg } from '@nats-io/transport-node';
import type { WrittenHeaders } from './jetstream-headers.js';
import { type ApiAnswer, ApiError, isUnheard } from './nats-failures.js';
import type { NatsLink } from './nats-link.js';

/** So long the server may think, in ms. */
const ANSWER_MS = 5_000;

/** Errors of JetStream by their numbers. */
export const apiCode = {
  noConsumer: 10_014,
  noStream: 10_059,
  noMessage: 10_037,
  noSequence: 10_043,
} as const;

/** Why the server does not store a message, by its numbers. */
export const refusalCode = {
  wrongSequence: 10_071,
  failed: 10_077,
} as const;

/** Whether the server said that something is not there. */
export function isMissing(error: unknown, ...codes: readonly number[]): boolean {
  return error instanceof ApiError && codes.includes(error.code);
}

/** A message as the server shows it: its data in base64. */
export interface StoredMessage {
  readonly seq: number;
  readonly data?: string;
  /** When it was stored, RFC 3339. */
  readonly time: string;
}

/** A page of the subjects of a stream, each with how many messages it has. */
interface SubjectPage {
  /** Left out where they are all on this page. */
  readonly total?: number;
  readonly state: { readonly subjects?: Readonly<Record<string, number>> };
}

/** A page of consumers. */
interface ConsumerPage {
  readonly total: number;
  readonly consumers: readonly ConsumerInfo[] | null;
}

/** What is asked of JetStream: requests of JSON over the connection. */
export class JetStreamApi {
  readonly link: NatsLink;
  readonly #prefix: string;

  constructor(link: NatsLink, prefix: string) {
    this.link = link;
    this.#prefix = prefix;
  }

  /** `undefined` where there is none. */
  stream(name: string): Promise<StreamInfo | undefined> {
    return this.#find(`STREAM.INFO.${name}`);
  }

  /** The subjects of a stream under `filter` of which there are messages. */
  async subjects(name: string, filter: string): Promise<readonly string[]> {
    const all: string[] = [];
    for (;;) {
      const body = { subjects_filter: filter, offset: all.length };
      const { state, total } = await this.#ask<SubjectPage>(`STREAM.INFO.${name}`, body);
      const page = Object.keys(state.subjects ?? {});
      all.push(...page);
      if (page.length === 0 || all.length >= (total ?? 0)) return all;
    }
  }

  addStream(config: Partial<StreamConfig> & { readonly name: string }): Promise<StreamInfo> {
    return this.#ask(`STREAM.CREATE.${config.name}`, config);
  }

  /** Deletes what stands before `seq`. */
  purge(name: string, seq: number): Promise<unknown> {
    return this.#ask(`STREAM.PURGE.${name}`, { seq });
  }

  /**
   * The last message of a subject; `undefined` where there is none.
   *
   * @throws ApiError also where there is no such stream.
   */
  async lastOf(name: string, subject: string): Promise<StoredMessage | undefined> {
    const verb = `STREAM.MSG.GET.${name}`;
    try {
      return (await this.#ask<{ readonly message: StoredMessage }>(verb, { last_by_subj: subject })).message;
    } catch (error) {
      if (isMissing(error, apiCode.noMessage)) return undefined;
      throw error;
    }
  }

  /** The subject of a message; `undefined` where there is none of this number. */
  async subjectAt(name: string, seq: number): Promise<string | undefined> {
    const found = await this.#find<{ readonly message: { readonly subject: string } }>(
      `STREAM.MSG.GET.${name}`,
      { seq },
    );
    return found?.message.subject;
  }

  /** False where it is gone already. */
  async deleteMessage(name: string, seq: number): Promise<boolean> {
    const answer = await this.#find(`STREAM.MSG.DELETE.${name}`, { seq, no_erase: true });
    return answer !== undefined;
  }

  /** `undefined` where there is none. */
  consumer(stream: string, name: string): Promise<ConsumerInfo | undefined> {
    return this.#find(`CONSUMER.INFO.${stream}.${name}`);
  }

  /** Makes a consumer, or changes it where it is there already. */
  putConsumer(stream: string, name: string, config: Partial<ConsumerConfig>): Promise<ConsumerInfo> {
    const { filter_subject: filter } = config;
    const subject = `CONSUMER.CREATE.${stream}.${name}.${filter}`;
    return this.#ask(subject, { stream_name: stream, config });
  }

  /** Makes a consumer without a name, to whose subject the server pushes; it goes when nobody listens. */
  push(stream: string, config: Partial<ConsumerConfig>): Promise<ConsumerInfo> {
    return this.#ask(`CONSUMER.CREATE.${stream}`, { stream_name: stream, config });
  }

  async deleteConsumer(stream: string, name: string): Promise<void> {
    await this.#find(`CONSUMER.DELETE.${stream}.${name}`);
  }

  async consumers(stream: string): Promise<readonly ConsumerInfo[]> {
    const all: ConsumerInfo[] = [];
    for (;;) {
      const verb = `CONSUMER.LIST.${stream}`;
      const { consumers, total } = await this.#ask<ConsumerPage>(verb, { offset: all.length });
      all.push(...(consumers ?? []));
      if (all.length >= total || (consumers ?? []).length === 0) return all;
    }
  }

  /** Where a consumer is asked for messages. */
  nextOf(stream: string, name: string): string {
    return `${this.#prefix}.CONSUMER.MSG.NEXT.${stream}.${name}`;
  }

  /** Stores a message, and resolves when the server has confirmed it. */
  async store(subject: string, body: Uint8Array, { headers }: WrittenHeaders): Promise<PubAck> {
    return answerOf(await this.link.request(subject, body, ANSWER_MS, headers));
  }

  async #find<T = object>(verb: string, body?: object): Promise<T | undefined> {
    try {
      return await this.#ask<T>(verb, body);
    } catch (error) {
      if (isMissing(error, ...Object.values(apiCode))) return undefined;
      throw error;
    }
  }

  async #ask<T>(verb: string, body?: object): Promise<T> {
    const payload = body === undefined ? '' : JSON.stringify(body);
    const subject = `${this.#prefix}.${verb}`;
    try {
      return answerOf(await this.link.request(subject, payload, ANSWER_MS));
    } catch (error) {
      if (!isUnheard(error)) throw error;
      throw new Error(`nats: nobody answers at ${subject}: is JetStream enabled?`, { cause: error });
    }
  }
}

/** @throws ApiError for what the server refused. */
function answerOf<T>(answer: Msg): T {
  const said = answer.json<T & { readonly error?: ApiAnswer }>();
  if (said.error !== undefined) throw new ApiError(said.error);
  return said;
}
