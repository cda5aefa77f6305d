import { type ChannelModel, connect } from 'amqplib';

/** The server of this machine. */
export const rabbitUrl: string = process.env['AMQP_URL'] ?? 'amqp://guest:guest@127.0.0.1:5672';

/** Whether the server is there. Where it is not, that is said, and a failure in CI. */
export async function rabbitIsThere(): Promise<boolean> {
  try {
    const connection = await connect(rabbitUrl);
    await connection.close();
    return true;
  } catch (error) {
    const why = `skipped: no RabbitMQ at ${rabbitUrl.replace(/\/\/.*@/, '//')}: ${(error as Error).message}`;
    if (process.env['CI'] === 'true') throw new Error(why, { cause: error });
    console.warn(why);
    return false;
  }
}

/** A connection of the test's own, whose loss is no news. */
export async function rabbitConnection(url = rabbitUrl): Promise<ChannelModel> {
  const connection = await connect(url);
  connection.on('error', () => {});
  return connection;
}

/** Connections that note what is declared over them, so that a test can delete it. */
export class Footprints {
  readonly connections: ChannelModel[] = [];
  readonly #queues = new Set<string>();
  readonly #exchanges = new Set<string>();
  readonly #url: string;

  constructor(url = rabbitUrl) {
    this.#url = url;
  }

  readonly connect = async (): Promise<ChannelModel> => {
    const connection = await rabbitConnection(this.#url);
    this.connections.push(connection);
    const createChannel = connection.createChannel.bind(connection);
    connection.createChannel = async () => {
      const channel = await createChannel();
      const { assertQueue, assertExchange } = channel;
      channel.assertQueue = (name, options) => {
        if (options?.exclusive !== true) this.#queues.add(name!);
        return assertQueue.call(channel, name, options);
      };
      channel.assertExchange = (name, type, options) => {
        this.#exchanges.add(name);
        return assertExchange.call(channel, name, type, options);
      };
      return channel;
    };
    return connection;
  };

  /** Cuts off all connections; without an error their clients do not notice. */
  cut(error?: Error): void {
    for (const { connection } of this.connections) {
      (connection as unknown as { stream: { destroy(error?: Error): void } }).stream.destroy(error);
    }
  }

  /** Sees to what another one has noted as well. */
  adopt(other: Footprints): void {
    for (const name of other.#queues) this.#queues.add(name);
    for (const name of other.#exchanges) this.#exchanges.add(name);
  }

  /** Deletes what was declared; a queue whose name holds `part` only, where that is given. */
  async remove(part?: string): Promise<void> {
    const connection = await connect(this.#url);
    const channel = await connection.createChannel();
    for (const name of this.#queues) {
      if (part !== undefined && !name.includes(part)) continue;
      await channel.deleteQueue(name);
      this.#queues.delete(name);
    }
    if (part === undefined) for (const name of this.#exchanges) await channel.deleteExchange(name);
    await connection.close();
  }
}
