// npm run soak:gateway [-- --connections 1000 --seconds 120 --engine undici]
// A gateway before two instances that are killed in turn, while its routes are replaced. Each answer has to
// be that of its request, or to say honestly that there is none; and nothing may be left when all have gone.
import { fork } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Clients } from './clients.mjs';

const text = value => ({ type: 'string', default: value });
const { values } = parseArgs({
  options: {
    connections: text('1000'),
    seconds: text('120'),
    engine: text('node:http'),
    streams: text('200'),
  },
});
const connections = Number(values.connections);
const seconds = Number(values.seconds);
const streams = Number(values.streams);
if (!(connections >= 1 && seconds >= 1 && streams >= 1) || !['node:http', 'undici'].includes(values.engine)) {
  console.error('--connections, --seconds and --streams are numbers from 1, --engine is node:http or undici');
  process.exit(2);
}

/** What a gateway may keep of a stream whose client does not read: twice the marks of both ends, and more. */
const MOST_PER_STREAM = 262_144;
/** What the compiler and the pools of Node may still grow by. */
const MOST_GROWTH = 16_000_000;
const STREAM_BYTES = 16_000_000;

const program = name => new URL(`${name}.mjs`, import.meta.url);
const children = new Set();

function start(name, args, flags = []) {
  const child = fork(program(name), args.map(String), { execArgv: flags });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}
const heard = child =>
  new Promise((resolve, reject) => {
    const died = code => reject(new Error(`a program has ended with ${code}`));
    child.once('exit', died);
    child.once('message', message => {
      child.off('exit', died);
      resolve(message);
    });
  });

async function freePort() {
  const server = createServer();
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise(resolve => server.close(resolve));
  return port;
}

/** An instance that is killed and comes back at the same place. */
class Instance {
  kills = 0;
  #port;
  #child;

  constructor(port) {
    this.#port = port;
  }

  async start() {
    this.#child = start('upstream', [this.#port]);
    await heard(this.#child);
  }

  async restart() {
    this.kills++;
    this.#child.kill('SIGKILL');
    await pause(300);
    await this.start();
  }
}

async function report(gateway) {
  gateway.send('report');
  return heard(gateway);
}

/** What is held when nothing more becomes less: what is found free is given back a little later. */
async function settled(gateway) {
  let found = await report(gateway);
  for (let still = 0; still < 5; ) {
    await pause(100);
    const next = await report(gateway);
    still = next.bytes < found.bytes - 100_000 ? 0 : still + 1;
    if (next.bytes < found.bytes) found = next;
  }
  return found;
}

/** Waits until a gateway has let go of all, or does not. */
async function atRest(gateway) {
  for (let tries = 0; tries < 100; tries++) {
    const { inFlight, sockets } = await report(gateway);
    if (inFlight === 0 && sockets === 0) break;
    await pause(100);
  }
  return settled(gateway);
}

async function load(gateway, clients, instances) {
  const running = clients.run(connections, seconds * 1000);
  let over = false;
  const replacing = (async () => {
    while (!over) {
      gateway.send('replace');
      await pause(50);
    }
  })();
  const killing = (async () => {
    const everyMs = Math.min(3_000, (seconds * 1000) / 4);
    for (let at = 0; !over; at++) {
      await pause(everyMs);
      if (!over) await instances[at % instances.length].restart();
    }
  })();
  await running;
  over = true;
  await Promise.all([replacing, killing]);
}

/** What each of many streams costs whose clients do not read. */
async function stall(gateway, clients) {
  const before = await settled(gateway);
  const readAll = await clients.stall(streams, STREAM_BYTES);
  // Until what is on its way has filled all that it may fill.
  let during = await settled(gateway);
  for (let last = -1; Math.abs(during.bytes - last) > 1_000_000; ) {
    last = during.bytes;
    during = await settled(gateway);
  }
  await readAll();
  return Math.round((during.bytes - before.bytes) / streams);
}

async function main() {
  const ports = [await freePort(), await freePort()];
  const instances = ports.map(port => new Instance(port));
  for (const instance of instances) await instance.start();
  const gateway = start('gateway', [values.engine, ...ports], ['--expose-gc']);
  const { port } = await heard(gateway);
  const warm = new Clients(port);
  await warm.run(Math.min(connections, 100), 1_000);
  warm.close();
  const before = await atRest(gateway);
  const clients = new Clients(port);
  await load(gateway, clients, instances);
  const bytesPerStream = await stall(gateway, clients);
  clients.close();
  const kills = instances.reduce((sum, one) => sum + one.kills, 0);
  for (const child of children) if (child !== gateway) child.kill('SIGKILL');
  const after = await atRest(gateway);
  const { wrong, ...counts } = clients.counts;
  return {
    ...{ engine: values.engine, connections, seconds, kills, replaced: after.version, ...counts },
    ...{ wrong: wrong.length, examples: wrong.slice(0, 5), bytesPerStream },
    ...{ grownBytes: after.bytes - before.bytes, rss: after.rss },
    ...{ socketsLeft: after.sockets, inFlightLeft: after.inFlight },
  };
}

const found = await main().finally(() => {
  for (const child of children) child.kill('SIGKILL');
});
const bad = [
  found.wrong > 0 && 'wrong answers',
  found.right < found.connections / 2 && 'hardly any answers',
  found.kills === 0 && 'nothing was killed',
  found.bytesPerStream > MOST_PER_STREAM && 'too much for each stream',
  found.grownBytes > MOST_GROWTH && 'memory is left',
  (found.socketsLeft > 0 || found.inFlightLeft > 0) && 'connections are left',
].filter(Boolean);
console.log(JSON.stringify({ ...found, bad }, undefined, 2));
process.exitCode = bad.length === 0 ? 0 : 1;
