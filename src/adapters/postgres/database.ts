import type { Clock } from '../../kernel/clock.js';
import type { PostgresClient, Row } from './client.js';

/** No answer came within the time that a statement may take; what it did is unknown. */
export class StatementTimeout extends Error {
  override get name(): string {
    return 'StatementTimeout';
  }
}

/** A client, the schema that is ours in it, and an end to the waiting for an answer. */
export class Database {
  readonly schema: string;
  readonly clock: Clock;
  readonly #client: PostgresClient;
  readonly #timeoutMs: number;

  constructor(client: PostgresClient, schema: string, clock: Clock, timeoutMs: number) {
    this.#client = client;
    this.schema = schema;
    this.clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Runs one statement, by itself or as a part of somebody's transaction. */
  async run(text: string, params?: unknown[], client = this.#client): Promise<readonly Row[]> {
    let timer: { cancel(): void } | undefined;
    const late = new Promise<never>((_, reject) => {
      const tell = () => reject(new StatementTimeout(`no answer within ${this.#timeoutMs} ms`));
      timer = this.clock.schedule(this.#timeoutMs, tell, true);
    });
    try {
      const { rows } = await Promise.race([client.query(text, params), late]);
      return rows as readonly Row[];
    } finally {
      timer?.cancel();
    }
  }
}
