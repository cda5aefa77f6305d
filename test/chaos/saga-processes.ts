import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

/** An order, as it goes to a worker. */
export interface Order {
  readonly order: number;
  readonly item: number;
  readonly quantity: number;
  readonly account: number;
  readonly cents: number;
  readonly place: number;
}

/** What a worker says. */
interface WorkerNews {
  readonly owner?: string;
  readonly started?: number;
  readonly takenOver?: number;
  readonly lost?: number;
}

const script = (name: string): string => join(import.meta.dirname, name);

/** A participant, which is never killed; it says its port, and at the end what it has seen. */
export class Participant {
  readonly #child: ChildProcess;
  port = 0;

  /** `wrong` hears of one that ended by itself. */
  constructor(facts: object, wrong: (what: string) => void) {
    this.#child = fork(script('participant.mjs'), [JSON.stringify(facts)]);
    this.#child.once('exit', (code, signal) => {
      if (signal !== 'SIGKILL') wrong(`a participant ended by itself, with ${code ?? signal}`);
    });
  }

  get alive(): boolean {
    return this.#child.connected;
  }

  async ready(): Promise<void> {
    this.port = (await this.#next())['port'] as number;
  }

  async told(): Promise<{
    readonly counts: Record<string, number>;
    readonly barrier: Record<string, number>;
  }> {
    const told = this.#next();
    this.#child.send('tell');
    return (await told) as never;
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }

  #next(): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      this.#child.once('message', message => resolve(message as Record<string, unknown>));
      this.#child.once('exit', code => reject(new Error(`a participant ended with ${code}`)));
    });
  }
}

/** A worker, which begins anew as soon as it was killed. What it was to start and has not goes back. */
export class Worker {
  /** What it claims sagas as; `undefined` until it works. */
  owner: string | undefined;
  stopped = false;
  /** Orders that it was told to start, and has not said to have. */
  readonly asked = new Map<number, Order>();
  takenOver = 0;
  lost = 0;
  readonly #facts: string;
  readonly #back: (orders: readonly Order[]) => void;
  readonly #wrong: (what: string) => void;
  #child: ChildProcess;
  #ended = false;
  #seen = { takenOver: 0, lost: 0 };

  constructor(facts: object, back: (orders: readonly Order[]) => void, wrong: (what: string) => void) {
    this.#facts = JSON.stringify(facts);
    this.#back = back;
    this.#wrong = wrong;
    this.#child = this.#begin();
  }

  get ready(): boolean {
    return this.owner !== undefined && !this.stopped;
  }

  start(orders: readonly Order[]): void {
    for (const order of orders) this.asked.set(order.order, order);
    this.#child.send(orders);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
    this.owner = undefined;
  }

  stop(): void {
    this.stopped = true;
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
    this.stopped = false;
  }

  end(): void {
    this.#ended = true;
    this.kill();
  }

  #begin(): ChildProcess {
    const child = fork(script('worker.mjs'), [this.#facts]);
    child.on('message', message => this.#hear(message as WorkerNews));
    child.once('exit', (code, signal) => {
      this.#seen = { takenOver: 0, lost: 0 };
      this.owner = undefined;
      if (signal !== 'SIGKILL') this.#wrong(`a worker ended by itself, with ${code ?? signal}`);
      if (this.#ended) return;
      this.#back([...this.asked.values()]);
      this.asked.clear();
      this.#child = this.#begin();
    });
    // What is sent to one that was just killed.
    child.on('error', () => {});
    return child;
  }

  #hear({ owner, started, takenOver = 0, lost = 0 }: WorkerNews): void {
    if (owner !== undefined) this.owner = owner;
    if (started !== undefined) this.asked.delete(started);
    this.takenOver += Math.max(0, takenOver - this.#seen.takenOver);
    this.lost += Math.max(0, lost - this.#seen.lost);
    this.#seen = { takenOver, lost };
  }
}
