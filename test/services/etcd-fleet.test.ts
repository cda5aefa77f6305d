import { type ChildProcess, fork } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { etcdRegistry } from '../../src/adapters/etcd/registry.js';
import type { ServiceRegistry } from '../../src/discovery/service-registry.js';
import { ServiceWatcher } from '../../src/discovery/service-watcher.js';
import { pipeline } from '../../src/kernel/pipeline.js';
import { ServiceProxy } from '../../src/proxy/service-proxy.js';
import { Retry } from '../../src/resilience/retry.js';
import { Timeout } from '../../src/resilience/timeout.js';
import { etcdInstalled, OwnEtcd } from '../fixtures/etcd-server.js';
import { until } from './eventually.js';

const there = etcdInstalled();
const isLong = process.env['SERVICES'] === 'long';
/** Requests a second, both callers together. */
const RATE = Number(process.env['FLEET_RATE'] ?? (isLong ? 500 : 100));
const SIZE = 6;
const TTL_MS = 4_000;
const DRAIN_MS = 2_000;
const ATTEMPT_MS = 1_500;

interface Failure {
  readonly at: number;
  readonly error: unknown;
}

/** Calls at a steady rate, whatever comes of them. */
class Load {
  readonly #call: () => Promise<unknown>;
  readonly #timer: NodeJS.Timeout;
  readonly #open = new Set<Promise<void>>();
  readonly #startedAt = performance.now();
  readonly #rate: number;
  readonly failures: Failure[] = [];
  sent = 0;

  constructor(rate: number, call: () => Promise<unknown>) {
    this.#call = call;
    this.#rate = rate;
    this.#timer = setInterval(() => this.#go(), 5);
  }

  /** Waits for the answers of all that was sent. What was driven, in requests a second. */
  async end(): Promise<number> {
    clearInterval(this.#timer);
    const tookMs = performance.now() - this.#startedAt;
    await Promise.all(this.#open);
    return Math.round((this.sent / tookMs) * 1_000);
  }

  #go(): void {
    const due = ((performance.now() - this.#startedAt) / 1_000) * this.#rate;
    // Where the machine is too slow for it, it is not made up for.
    for (let burst = 0; this.sent < due && burst < 20 && this.#open.size < 500; burst++) {
      this.sent++;
      const one: Promise<void> = this.#call().then(
        () => {},
        error => void this.failures.push({ at: performance.now(), error }),
      );
      this.#open.add(one);
      void one.then(() => this.#open.delete(one));
    }
  }
}

describe.skipIf(!there)('a fleet of processes that register in etcd', () => {
  const children = new Map<string, ChildProcess>();
  let server: OwnEtcd;
  let registry: ServiceRegistry;
  let watcher: ServiceWatcher;

  const spawn = async (id: string): Promise<void> => {
    const config = { endpoint: server.url, prefix: 'fleet', id, ttlMs: TTL_MS, drainMs: DRAIN_MS };
    const child = fork(new URL('./fleet-service.mjs', import.meta.url), [JSON.stringify(config)]);
    children.set(id, child);
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      child.once('exit', code => reject(new Error(`${id} has ended with ${code}`)));
    });
  };
  const end = async (id: string, signal: NodeJS.Signals): Promise<number | null> => {
    const child = children.get(id)!;
    children.delete(id);
    const ended = new Promise<number | null>(resolve => void child.once('exit', code => resolve(code)));
    child.kill(signal);
    return ended;
  };
  const known = (id: string): boolean => watcher.usable().some(each => each.id === id);
  const attempt = () => new Timeout({ timeoutMs: ATTEMPT_MS });

  /** One caller that repeats what fails, and one that does not, and learns nothing by it. */
  const drive = () => {
    const options = { service: 'fleet', instances: watcher };
    const careful = new ServiceProxy({ ...options, policy: pipeline(new Retry({ attempts: 4 }), attempt()) });
    const plain = new ServiceProxy({ ...options, policy: attempt(), outliers: false });
    const ask = async (proxy: Pick<ServiceProxy, 'fetch'>) => {
      const answer = await proxy.fetch('/');
      const text = await answer.text();
      if (answer.status !== 200) throw new Error(`${answer.status} ${text}`);
    };
    const loads = [new Load(RATE / 2, () => ask(careful)), new Load(RATE / 2, () => ask(plain))] as const;
    const stop = async () => {
      const rates = await Promise.all(loads.map(load => load.end()));
      const sent = loads.reduce((sum, load) => sum + load.sent, 0);
      for (const proxy of [careful, plain]) proxy[Symbol.dispose]();
      return `${rates[0]! + rates[1]!} requests/s driven, ${sent} in all`;
    };
    return { careful: loads[0], plain: loads[1], stop };
  };

  beforeAll(async () => {
    server = await OwnEtcd.started();
    registry = etcdRegistry({ endpoints: server.url, prefix: 'fleet', pollMs: 1_000 });
    watcher = new ServiceWatcher({ registry, service: 'fleet' });
    await Promise.all(Array.from({ length: SIZE }, (_, at) => spawn(`f${at}`)));
    await until(() => watcher.usable().length === SIZE);
  });
  afterAll(async () => {
    for (const child of children.values()) child.kill('SIGKILL');
    watcher?.close();
    await registry?.close();
    await server?.clear();
  });

  it('is restarted one by one without an error that a caller sees, retries or not', async () => {
    const { careful, plain, stop } = drive();
    await until(() => plain.sent > 50);
    for (let at = 0; at < SIZE; at++) {
      await spawn(`f${at + SIZE}`);
      await until(() => known(`f${at + SIZE}`));
      expect(await end(`f${at}`, 'SIGTERM')).toBe(0);
    }
    const driven = await stop();
    console.info(`fleet, ${SIZE} restarts: ${driven}, ${plain.failures.length} failures without retries`);
    expect(plain.failures.map(({ error }) => error)).toEqual([]);
    expect(careful.failures).toEqual([]);
    expect(watcher.usable().length).toBe(SIZE);
  });

  it.each([
    ['killed', 'SIGKILL'],
    ['stopped', 'SIGSTOP'],
  ] as const)(
    'fails for no longer than a lease when one is %s, and not at all with retries',
    async (word, signal) => {
      const { careful, plain, stop } = drive();
      await until(() => plain.sent > 50);
      const [id] = [...children.keys()];
      const child = children.get(id!)!;
      const at = performance.now();
      if (signal === 'SIGKILL') await end(id!, signal);
      else child.kill(signal);
      await until(() => !known(id!));
      const goneMs = performance.now() - at;
      const sent = plain.sent;
      // What was sent before may still fail; what is sent from now on goes to the others.
      await until(() => plain.sent > sent + 100);
      await new Promise(resolve => setTimeout(resolve, ATTEMPT_MS + 500));
      const quietFrom = performance.now();
      await until(() => plain.sent > sent + 200);
      if (signal === 'SIGSTOP') {
        child.kill('SIGCONT');
        // It has been forgotten, and registers again by itself.
        await until(() => known(id!));
      } else {
        await spawn(`${id}b`);
        await until(() => known(`${id}b`));
      }
      const driven = await stop();
      const last = Math.max(0, ...plain.failures.map(failure => failure.at - at));
      console.info(
        `fleet, one ${word}: ${driven}; found out after ${Math.round(goneMs)} ms, ${plain.failures.length} ` +
          `failures without retries, the last after ${Math.round(last)} ms; with: ${careful.failures.length}`,
      );
      expect(careful.failures.map(({ error }) => error)).toEqual([]);
      expect(plain.failures.length).toBeGreaterThan(0);
      expect(plain.failures.filter(failure => failure.at > quietFrom)).toEqual([]);
      // The lease, the second that etcd takes to end it, a look, and as much again for a busy machine.
      expect(goneMs).toBeLessThan(2 * (TTL_MS + 1_000 + 1_000));
    },
  );
});
