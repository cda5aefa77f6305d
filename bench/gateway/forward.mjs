import { fork } from 'node:child_process';
import { connect } from 'node:net';
import { median, seeded, shuffled } from '../harness/stats.mjs';

const kinds = ['bare', 'keelson, node:http', 'keelson, undici', 'http-proxy-3', '@fastify/http-proxy'];
const program = new URL('../subjects/proxies.mjs', import.meta.url);
const CLIENTS = 32;

const heard = child =>
  new Promise((resolve, reject) => {
    const died = code => reject(new Error(`a proxy has ended with ${code}`));
    child.once('exit', died);
    child.once('message', message => {
      child.off('exit', died);
      resolve(message);
    });
  });

async function started(kind, upstream = 0) {
  const child = fork(program, [kind, String(upstream)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const { port } = await heard(child);
  return { kind, child, port };
}

/** Microseconds of the processor that a process has taken, in itself and for it in the kernel. */
async function takenBy({ child }) {
  const answer = heard(child);
  child.send('cpu');
  const { cpu } = await answer;
  return cpu.user + cpu.system;
}

/** One client: so many requests, one after the other, on one connection. */
function run(port, count, check) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let left = count;
    let text = '';
    const ask = () =>
      socket.write('GET /items/7?full=1 HTTP/1.1\r\nHost: shop.example\r\nAccept: */*\r\n\r\n');
    socket.on('connect', ask);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the connection has ended')));
    socket.on('data', chunk => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end < 0 || text.length < end + 4 + 47) return;
      if (!check(text)) reject(new Error(`another answer than that of the upstream: ${text}`));
      text = '';
      left--;
      if (left > 0) return void ask();
      socket.removeAllListeners('close').destroy();
      resolve();
    });
  });
}

const right = text => text.startsWith('HTTP/1.1 200') && text.includes('"inStock":12');
const round = (port, requests) =>
  Promise.all(Array.from({ length: CLIENTS }, () => run(port, Math.ceil(requests / CLIENTS), right)));

/** @param {{ rounds: number, seed: number, warmMs: number }} settings */
async function measure(_, { rounds, seed, warmMs }) {
  const random = seeded(seed);
  const requests = warmMs < 100 ? 1_000 : 4_000;
  const upstream = await started('upstream');
  const proxies = [];
  const taken = new Map(kinds.map(kind => [kind, []]));
  try {
    for (const kind of kinds) proxies.push(await started(kind, upstream.port));
    for (const { port } of proxies) await round(port, requests * 2);
    for (let at = 0; at < rounds; at++) {
      for (const proxy of shuffled(proxies, random)) {
        const before = await takenBy(proxy);
        await round(proxy.port, requests);
        taken.get(proxy.kind).push(((await takenBy(proxy)) - before) / requests);
      }
    }
  } finally {
    for (const { child } of [upstream, ...proxies]) if (child.connected) child.disconnect();
  }
  const rows = kinds.map(subject => {
    const ratio = median(taken.get(subject).map((us, at) => us / taken.get('bare')[at]));
    return { group: 'forward', subject, inflight: CLIENTS, usPerRequest: median(taken.get(subject)), ratio };
  });
  const lines = rows.map(
    ({ subject, usPerRequest, ratio }) =>
      `  ${subject.padEnd(22)} ${usPerRequest.toFixed(1).padStart(7)} µs  ${ratio.toFixed(2)} x bare`,
  );
  return { rows, lines, notes: [], failures: [] };
}

export const group = {
  name: 'forward',
  title: `what a request costs the processor of a proxy; ${CLIENTS} at a time, 47 bytes of answer`,
  measure,
};
