/**
 * Lends one PGlite to other processes, over the protocol of PostgreSQL. A PGlite has one session: so what a
 * client sends goes in whole, up to where it waits for an answer, and a transaction keeps all others waiting.
 */
import { createServer } from 'node:net';

/** What a client asks before its first query: the code is where else the version stands. */
const SSL_REQUEST = 80_877_103;
const CANCEL_REQUEST = 80_877_102;
/** After these a client waits for an answer. */
const [QUERY, SYNC, TERMINATE] = ['Q', 'S', 'X'].map(letter => letter.charCodeAt(0));
const READY = 'Z'.charCodeAt(0);
const IDLE = 'I'.charCodeAt(0);
/** Whoever keeps all others waiting for so long loses its connection. */
const IDLE_IN_TRANSACTION_MS = 10_000;

/** One after the other: the next one has its turn when the one before gives it back. */
class Turns {
  #last = Promise.resolve();

  /** Resolves with what gives the turn back. */
  async take() {
    const before = this.#last;
    let giveBack;
    this.#last = new Promise(resolve => {
      giveBack = resolve;
    });
    await before;
    return giveBack;
  }
}

/** A client: takes its bytes apart, and hands on what belongs together. */
class Client {
  #db;
  #turns;
  #socket;
  #bytes = Buffer.alloc(0);
  #greeted = false;
  /** Messages that wait for the one with which they end. */
  #messages = [];
  #work = Promise.resolve();
  /** Gives the turn back that a transaction keeps. */
  #giveBack;
  #timer;

  constructor(db, turns, socket) {
    this.#db = db;
    this.#turns = turns;
    this.#socket = socket;
    socket.on('data', bytes => this.#hear(bytes));
    // A reset is an end like any other: `close` follows.
    socket.on('error', () => {});
    socket.on('close', () => this.#next(() => this.#leave()));
  }

  #next(job) {
    this.#work = this.#work.then(job).catch(() => this.#socket.destroy());
  }

  #hear(bytes) {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    for (let message = this.#take(); message !== undefined; message = this.#take()) {
      this.#messages.push(message);
      if (this.#greeted && ![QUERY, SYNC, TERMINATE].includes(message[0])) continue;
      this.#greeted = true;
      const messages = this.#messages.splice(0);
      this.#next(() => (message[0] === TERMINATE ? this.#socket.end() : this.#run(messages)));
    }
  }

  /** The next message that is here as a whole. The first of a connection has no letter before its length. */
  #take() {
    const from = this.#greeted ? 1 : 0;
    if (this.#bytes.length < from + 8 - from * 4) return undefined;
    const length = from + this.#bytes.readInt32BE(from);
    if (this.#bytes.length < length) return undefined;
    const message = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    if (this.#greeted) return message;
    const code = message.readInt32BE(4);
    if (code === CANCEL_REQUEST) this.#socket.end();
    if (code === SSL_REQUEST) this.#socket.write('N');
    return code === SSL_REQUEST || code === CANCEL_REQUEST ? this.#take() : message;
  }

  async #run(messages) {
    clearTimeout(this.#timer);
    this.#giveBack ??= await this.#turns.take();
    let last = Buffer.alloc(0);
    for (const message of messages) {
      const answer = await this.#db.execProtocolRaw(new Uint8Array(message));
      if (answer.length > 0) last = Buffer.from(answer);
      if (answer.length > 0 && this.#socket.writable) this.#socket.write(last);
    }
    const [letter, status] = [last.at(-6), last.at(-1)];
    if (letter === READY && status !== IDLE) {
      this.#timer = setTimeout(() => this.#socket.destroy(), IDLE_IN_TRANSACTION_MS);
      return;
    }
    this.#release();
  }

  #release() {
    const giveBack = this.#giveBack;
    this.#giveBack = undefined;
    giveBack?.();
  }

  /** What it has not committed never was. */
  async #leave() {
    clearTimeout(this.#timer);
    if (this.#giveBack !== undefined) await this.#db.exec('ROLLBACK').catch(() => {});
    this.#release();
  }
}

/** Listens on 127.0.0.1; resolves with the port. @returns {Promise<number>} */
export function lend(db, { port = 0, maxConnections = 100 } = {}) {
  const turns = new Turns();
  const server = createServer({ noDelay: true }, socket => new Client(db, turns, socket));
  server.maxConnections = maxConnections;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      resolve(/** @type {import('node:net').AddressInfo} */ (server.address()).port);
    });
  });
}
