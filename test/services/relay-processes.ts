import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Relays in processes of their own, one in each place, which are killed and replaced, till the test ends. */
export class RelayProcesses {
  kills = 0;
  readonly #program: string;
  readonly #told: string;
  readonly #places: (ChildProcess | undefined)[] = [];

  constructor(program: string, told: object) {
    this.#program = join(import.meta.dirname, program);
    this.#told = JSON.stringify(told);
    onTestFinished(() => this.end());
  }

  async start(relays: number): Promise<void> {
    await Promise.all(Array.from({ length: relays }, (_, place) => this.#startAt(place)));
  }

  /** Kills the one in this place, and starts another. */
  async replace(place: number): Promise<void> {
    this.kills++;
    await this.#killAt(place);
    await this.#startAt(place);
  }

  async end(): Promise<void> {
    await Promise.all(this.#places.map((_, place) => this.#killAt(place)));
  }

  async #startAt(place: number): Promise<void> {
    const child = fork(this.#program, [this.#told]);
    this.#places[place] = child;
    await new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', () => reject(new Error('the relay ended')));
    });
  }

  async #killAt(place: number): Promise<void> {
    const child = this.#places[place];
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise(resolve => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }
}
