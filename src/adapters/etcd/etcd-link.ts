import { Agent, type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { StringDecoder } from 'node:string_decoder';
import { EtcdError, etcdCodes, readEtcdError } from './etcd-error.js';
import type { EtcdPlan } from './etcd-options.js';

/** So many requests to one member at a time; the others wait. */
const MOST_SOCKETS = 32;
/** So long a connection is still before it is asked for a sign of life, in ms. */
const KEEP_ALIVE_MS = 10_000;

/** One who reads an answer that does not end. */
export interface EtcdReader {
  /** One message of it. */
  readonly onMessage: (message: unknown) => void;
  /** Called once: it ended, or never began. */
  readonly onEnd: (error: unknown) => void;
}

/** An answer that is understood as one of the gateway. */
interface Answer {
  readonly status: number;
  readonly text: string;
}

/**
 * Speaks to a cluster through the JSON gateway that each etcd has, to one member at a time: to the next one
 * when it does not answer. All that is asked through it must be safe to ask twice.
 */
export class EtcdLink {
  readonly #plan: EtcdPlan;
  readonly #agents: readonly [Agent, TlsAgent];
  readonly #streams = new Set<ClientRequest>();
  #at = 0;
  #token: Promise<string> | undefined;
  #closed = false;

  constructor(plan: EtcdPlan) {
    this.#plan = plan;
    const pool = { keepAlive: true, maxSockets: MOST_SOCKETS, keepAliveMsecs: KEEP_ALIVE_MS };
    this.#agents = [new Agent(pool), new TlsAgent({ ...pool, ...plan.tls })];
  }

  /** Asks a member, and the others where it does not answer. */
  async ask<T>(path: string, body: object): Promise<T> {
    const { endpoints, credentials } = this.#plan;
    let left = endpoints.length;
    let refused = credentials === undefined;
    for (;;) {
      const at = this.#at;
      try {
        return JSON.parse(await this.#post(endpoints[at]!, path, body)) as T;
      } catch (error) {
        const code = error instanceof EtcdError ? error.code : undefined;
        if (code === etcdCodes.unauthenticated && !refused) {
          // The token is over; a new one is got once.
          refused = true;
          this.#token = undefined;
          continue;
        }
        const isAnswer = code !== undefined && code !== etcdCodes.unavailable;
        if (!isAnswer) this.#leave(at);
        left--;
        if (isAnswer || this.#closed || left <= 0) throw error;
      }
    }
  }

  /** Reads an answer that goes on, line by line, until the function returned is called. */
  listen(path: string, body: object, reader: EtcdReader): () => void {
    let over = false;
    let sent: ClientRequest | undefined;
    const at = this.#at;
    const end = (error: unknown): void => {
      if (over) return;
      over = true;
      sent?.destroy();
      if (sent !== undefined) this.#streams.delete(sent);
      // Whoever does not answer this will hardly answer the rest.
      if (error !== undefined) this.#leave(at);
      reader.onEnd(error);
    };
    const stop = (): void => {
      over = true;
      sent?.destroy();
      if (sent !== undefined) this.#streams.delete(sent);
    };
    const begin = (token: string | undefined): void => {
      if (over || this.#closed) return;
      sent = this.#send(this.#plan.endpoints[at]!, path, body, token, false);
      this.#streams.add(sent);
      sent.on('socket', socket => void socket.unref());
      sent.on('error', end);
      const hear = (message: unknown): void => {
        if (!over) reader.onMessage(message);
      };
      sent.on('response', answer => this.#readLines(answer, hear, end));
    };
    this.#login().then(begin, end);
    return stop;
  }

  /** Ends all that is under way. */
  close(): void {
    this.#closed = true;
    for (const agent of this.#agents) agent.destroy();
    for (const stream of this.#streams) stream.destroy();
  }

  /** The member that failed is not the one to ask next, unless somebody has moved on already. */
  #leave(at: number): void {
    if (this.#at === at) this.#at = (at + 1) % this.#plan.endpoints.length;
  }

  async #post(endpoint: URL, path: string, body: object): Promise<string> {
    const token = path.startsWith('/v3/auth/') ? undefined : await this.#login();
    const { status, text } = await this.#exchange(endpoint, path, body, token);
    if (status !== 200) throw readEtcdError(status, text);
    return text;
  }

  #login(): Promise<string | undefined> {
    const { credentials } = this.#plan;
    if (credentials === undefined) return Promise.resolve(undefined);
    if (this.#token === undefined) {
      const got = this.ask<{ readonly token: string }>('/v3/auth/authenticate', credentials);
      const token = got.then(answer => answer.token);
      // One that failed is not kept.
      token.catch(() => {
        if (this.#token === token) this.#token = undefined;
      });
      this.#token = token;
    }
    return this.#token;
  }

  #exchange(endpoint: URL, path: string, body: object, token: string | undefined): Promise<Answer> {
    const { clock, requestTimeoutMs, maxAnswerBytes } = this.#plan;
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new EtcdError('etcd: it is closed');
      const sent = this.#send(endpoint, path, body, token, true);
      const fail = (error: unknown): void => {
        timer.cancel();
        sent.destroy();
        reject(error);
      };
      const late = (): void => fail(new EtcdError(`etcd: no answer within ${requestTimeoutMs} ms`));
      const timer = clock.schedule(requestTimeoutMs, late, true);
      sent.on('error', fail);
      sent.on('response', answer => {
        const parts: Buffer[] = [];
        let size = 0;
        answer.on('data', (part: Buffer) => {
          size += part.length;
          if (size > maxAnswerBytes) fail(tooLarge(maxAnswerBytes));
          else parts.push(part);
        });
        answer.on('error', fail);
        answer.on('end', () => {
          timer.cancel();
          resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString() });
        });
      });
    });
  }

  #send(
    endpoint: URL,
    path: string,
    body: object,
    token: string | undefined,
    pooled: boolean,
  ): ClientRequest {
    const text = JSON.stringify(body);
    const isTls = endpoint.protocol === 'https:';
    const options: RequestOptions = {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
        ...(token === undefined ? {} : { authorization: token }),
      },
      agent: pooled ? this.#agents[isTls ? 1 : 0] : false,
    };
    const url = new URL(path, endpoint);
    const sent = isTls
      ? tlsRequest(url, pooled ? options : { ...this.#plan.tls, ...options })
      : request(url, options);
    // A host that is gone without a word is noticed, though nothing is sent.
    sent.on('socket', socket => void socket.setKeepAlive(true, KEEP_ALIVE_MS));
    sent.end(text);
    return sent;
  }

  #readLines(
    answer: IncomingMessage,
    onMessage: (message: unknown) => void,
    end: (error: unknown) => void,
  ): void {
    const { maxAnswerBytes } = this.#plan;
    const decoder = new StringDecoder('utf8');
    let text = '';
    answer.on('data', (part: Buffer) => {
      const lines = (text + decoder.write(part)).split('\n');
      text = lines.pop()!;
      if (text.length > maxAnswerBytes) return end(tooLarge(maxAnswerBytes));
      if (answer.statusCode !== 200) return;
      for (const line of lines) {
        if (line === '') continue;
        const message = parsed(line);
        if (message === undefined) return end(new EtcdError('etcd: an answer that is no JSON'));
        onMessage(message);
      }
    });
    answer.on('error', end);
    answer.on('end', () => {
      if (answer.statusCode === 200) end(new EtcdError('etcd: the answer has ended'));
      else end(readEtcdError(answer.statusCode ?? 0, text));
    });
  }
}

const tooLarge = (bytes: number): EtcdError =>
  new EtcdError(`etcd: an answer of more than ${bytes} bytes (\`maxAnswerBytes\`)`);

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
