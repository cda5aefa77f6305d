import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OwnPostgres } from './own-postgres.js';

/** Consumers in processes of their own, which write down what they begin and what they have done. */
export class ConsumerProcesses {
  readonly #folder = mkdtempSync(join(tmpdir(), 'keelson-consumers-'));
  readonly #server: OwnPostgres;
  readonly #schema: string;
  readonly #children = new Map<string, ChildProcess>();

  constructor(server: OwnPostgres, schema: string) {
    this.#server = server;
    this.#schema = schema;
  }

  /** Resolves when it consumes. */
  async start(name: string, facts: object): Promise<void> {
    const rest = { config: this.#server.config, schema: this.#schema, group: 'g', order: 'none' };
    const told = { ...rest, log: join(this.#folder, name), ...facts };
    const child = fork(join(import.meta.dirname, 'postgres-consumer.mjs'), [JSON.stringify(told)]);
    this.#children.set(name, child);
    await new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', () => reject(new Error(`the consumer ${name} ended`)));
    });
  }

  async kill(name: string): Promise<void> {
    const child = this.#children.get(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise(resolve => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  lines(name: string): readonly string[] {
    try {
      return readFileSync(join(this.#folder, name), 'utf8').split('\n').filter(Boolean);
    } catch {
      return [];
    }
  }

  /** The numbers that it has done, in their order. */
  done(name: string): readonly number[] {
    const done = this.lines(name).filter(line => line.startsWith('done '));
    return done.map(line => Number(line.split(' ')[1]));
  }

  async end(): Promise<void> {
    await Promise.all([...this.#children.keys()].map(name => this.kill(name)));
    rmSync(this.#folder, { recursive: true });
  }
}
