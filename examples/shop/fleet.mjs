/** The processes of the shop: started side by side, killed, and started again where they were. */
import { accessSync, constants, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onEnd, startModule } from '../parts/processes.mjs';
import { PGlite } from './pglite.mjs';

const files = {
  'orders database': 'database-server',
  bus: 'database-server',
  'worker 1': 'worker',
  'worker 2': 'worker',
};

/** Those that have a folder for what they keep. */
const keepers = ['orders database', 'bus', 'payments', 'inventory', 'shipping', 'notifications'];

/** A folder that is gone when this process ends, however it ends. */
function makeFolder() {
  try {
    accessSync(tmpdir(), constants.W_OK);
    const folder = mkdtempSync(join(tmpdir(), 'keelson-shop-'));
    onEnd(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));
    return folder;
  } catch (error) {
    const refusal = new Error(`cannot write into the folder for temporary files: ${error.message}`);
    throw Object.assign(refusal, { expected: true });
  }
}

/** Makes an empty database once, and a copy for each that wants one: making one takes seconds. */
async function makeDatabases(folder) {
  const [first, ...others] = keepers.map(name => join(folder, name));
  mkdirSync(first, { recursive: true });
  const db = await PGlite.create(first);
  await db.close();
  for (const other of others) cpSync(first, other, { recursive: true });
}

export class Fleet {
  /** What every process is told. */
  #facts;
  /** By name: the process, and what it was told. */
  #members = new Map();
  /** Called with each message that no process was asked for: `(name, message)`. */
  onMessage = (_name, _message) => {};
  /** Called with the name of each process that is ready. */
  onReady = _name => {};

  constructor({ off, bus, servers, watch }) {
    this.#facts = { folder: makeFolder(), off, bus, servers, watch, prefix: `keelson-shop-${process.pid}` };
  }

  get folder() {
    return this.#facts.folder;
  }

  /** Starts all of them; what needs others waits for those only. */
  async start() {
    const { folder } = this.#facts;
    const { bus, servers } = this.#facts;
    const [registry] = await Promise.all([this.#start('registry'), servers || makeDatabases(folder)]);
    this.#facts.registry = registry.url;
    const server = ({ port }) => ({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
    const services = ['payments', 'inventory', 'shipping', 'recommendations'].map(name => this.#start(name));
    const ownBus = bus === 'postgres' && !servers;
    const databases = [
      !servers && this.#start('orders database').then(({ port }) => (this.#facts.orders = server({ port }))),
      ownBus && this.#start('bus').then(({ port }) => (this.#facts.busServer = server({ port }))),
    ];
    await Promise.all(databases);
    const others = [this.#start('notifications'), this.#start('orders')];
    await Promise.all([...services, ...others]);
    const doors = ['worker 1', 'worker 2', 'gateway', 'bare'];
    await Promise.all(doors.map(name => this.#start(name)));
  }

  /** Where each service is now. */
  get addresses() {
    const entries = [...this.#members].map(([name, { address }]) => [name, address]);
    return Object.fromEntries(entries.filter(([, address]) => address !== undefined));
  }

  url(name) {
    return this.#members.get(name).url;
  }

  async #start(name, port) {
    const data = keepers.includes(name) ? join(this.#facts.folder, name) : undefined;
    const addresses = name === 'bare' ? this.addresses : undefined;
    const told = { ...this.#facts, name, data, port, addresses };
    const module = new URL(`./${files[name] ?? name}.mjs`, import.meta.url);
    const member = await startModule(module, [JSON.stringify(told)], { outlives: name === 'registry' });
    this.#members.set(name, member);
    this.onReady(name);
    member.child.on('message', message => this.onMessage(name, message));
    return member;
  }

  /** The worst that may happen to a process. */
  async kill(name) {
    await this.#members.get(name).kill();
  }

  /**
   * Starts it again. What others know by its port gets that again; a service takes one that is free, and is
   * found through the registry. The bare shop is told, as its next deployment would.
   */
  async restart(name) {
    const { port, address } = this.#members.get(name);
    await this.#start(name, address === undefined ? port : undefined);
    if (address !== undefined) this.#send('bare', { type: 'addresses', addresses: this.addresses });
  }

  mood(name, mood) {
    this.#send(name, { type: 'mood', mood });
  }

  #send(name, message) {
    const { child } = this.#members.get(name);
    if (child.connected) child.send(message, () => {});
  }

  /** What a process has in its books. */
  async ledger(name) {
    return (await this.#members.get(name).ask('ledger')).value;
  }

  /** For how long each of them could not run, at most, and what it took of the processor, in ms. */
  async health() {
    const living = [...this.#members].filter(([, { child }]) => child.connected);
    const answers = await Promise.all(living.map(([, member]) => member.ask('health')));
    return answers.map(({ stallMs, cpuMs }, at) => ({
      name: living[at][0],
      stallMs: Math.round(stallMs),
      cpuMs,
    }));
  }

  /** Ends all of them; the registry is the last one, and takes away what is left. */
  async stop() {
    await Promise.all([...this.#members].map(([name, member]) => name !== 'registry' && member.stop()));
    await this.#members.get('registry')?.stop();
  }
}
