import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median, seeded, shuffled } from '../harness/stats.mjs';
import {
  freePort,
  haproxy,
  hasProgram,
  listens,
  nginx,
  pinned,
  takenBy,
} from '../harness/system-proxies.mjs';

const kinds = [
  ...['nginx', 'haproxy', 'bare undici', 'keelson, undici', 'bare', 'keelson, node:http', 'fast-gateway'],
  ...['@fastify/http-proxy', 'http-proxy-3', 'httpxy'],
];
const program = fileURLToPath(new URL('../subjects/proxies.mjs', import.meta.url));
const CONNECTIONS = 50;
/** The core of the proxy, and that of all others. */
const [PROXY, REST] = [0, 1];

async function started(kind, folder, upstream) {
  if (kind === 'nginx' || kind === 'haproxy') {
    const port = await freePort();
    const child = (kind === 'nginx' ? nginx : haproxy)(folder, port, PROXY, upstream);
    await listens(port, child);
    return { kind, child, port };
  }
  const child = pinned(PROXY, process.execPath, [program, kind, String(upstream)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const port = await new Promise((resolve, reject) => {
    child.once('message', message => resolve(message.port));
    child.once('exit', code => reject(new Error(`${kind} has ended with ${code}`)));
  });
  return { kind, child, port };
}

/** So many seconds of load, by `wrk`. */
async function wrk(port, seconds) {
  const args = ['-c', String(REST), 'wrk', '-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency'];
  const url = `http://127.0.0.1:${port}/items/7?full=1`;
  const { stdout } = await promisify(execFile)('taskset', [...args, url]);
  const number = pattern => Number(pattern.exec(stdout)?.[1] ?? 0);
  const [, value, unit] = /99%\s+([\d.]+)(us|ms|s)/.exec(stdout);
  return {
    requests: number(/(\d+) requests in/),
    perSecond: number(/Requests\/sec:\s+([\d.]+)/),
    p99Ms: Number(value) * { us: 0.001, ms: 1, s: 1_000 }[unit],
    wrong: number(/Non-2xx or 3xx responses: (\d+)/) + number(/Socket errors:.* read (\d+)/),
  };
}

/** By so many requests, not by time: until then it is the compiler of a proxy that is measured. */
async function warm(port, requests) {
  for (let done = 0; done < requests; ) done += (await wrk(port, 2)).requests;
}

async function sample({ kind, child, port }, seconds) {
  const before = takenBy(child.pid);
  const found = await wrk(port, seconds);
  const after = takenBy(child.pid);
  if (found.wrong > 0) throw new Error(`${kind} has answered ${found.wrong} requests with something else`);
  return { ...found, usPerRequest: (after.cpuUs - before.cpuUs) / found.requests, peakMb: after.peakMb };
}

/** @param {{ rounds: number, seed: number, warmMs: number }} settings */
async function measure(_, { rounds, seed, warmMs }) {
  const missing = ['wrk', 'nginx', 'haproxy', 'taskset'].filter(name => !hasProgram(name));
  const needed = missing.filter(name => name !== 'haproxy');
  if (needed.length > 0 || availableParallelism() < 2) {
    const why = needed.length > 0 ? `there is no ${needed.join(', ')}` : 'there is one core alone';
    return { rows: [], lines: [], notes: [`left out: ${why}`], failures: [] };
  }
  const quick = warmMs < 100;
  const random = seeded(seed);
  const folder = mkdtempSync(join(tmpdir(), 'keelson-bench-'));
  const upstreamPort = await freePort();
  const upstream = nginx(folder, upstreamPort, REST);
  const proxies = [];
  const samples = new Map();
  try {
    await listens(upstreamPort, upstream);
    for (const kind of kinds) {
      if (!missing.includes(kind)) proxies.push(await started(kind, folder, upstreamPort));
    }
    for (const { kind, port } of proxies) {
      samples.set(kind, []);
      await warm(port, quick ? 15_000 : 50_000);
    }
    for (let round = 0; round < Math.min(rounds, quick ? 2 : 5); round++) {
      for (const proxy of shuffled(proxies, random)) {
        samples.get(proxy.kind).push(await sample(proxy, quick ? 1 : 3));
      }
    }
  } finally {
    for (const { child } of [{ child: upstream }, ...proxies]) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
  return table(samples, missing);
}

function table(samples, missing) {
  const of = (kind, field) => samples.get(kind).map(each => each[field]);
  const rows = [...samples.keys()].map(subject => ({
    ...{ group: 'wrk', subject, inflight: CONNECTIONS },
    // What others on the machine take makes it more, never less.
    ...{
      usPerRequest: Math.min(...of(subject, 'usPerRequest')),
      perSecond: Math.max(...of(subject, 'perSecond')),
    },
    ...{ p99Ms: median(of(subject, 'p99Ms')), peakMb: Math.max(...of(subject, 'peakMb')) },
  }));
  const cell = (value, digits) => value.toFixed(digits).padStart(11);
  const columns = ['µs/request', 'requests/s', 'p99, ms', 'peak MB'].map(text => text.padStart(11));
  const head = `  ${''.padEnd(22)} ${columns.join('')}`;
  const lines = rows.map(
    ({ subject, usPerRequest, perSecond, p99Ms, peakMb }) =>
      `  ${subject.padEnd(22)} ${cell(usPerRequest, 1)}${cell(perSecond, 0)}` +
      `${cell(p99Ms, 2)}${cell(peakMb, 0)}`,
  );
  const notes = missing.map(name => `${name} left out: it is not there`);
  return { rows, lines: [head, ...lines], notes, failures: [] };
}

export const group = {
  name: 'wrk',
  title:
    `proxies on a core of their own, ${CONNECTIONS} connections of wrk; ` +
    'the least CPU and the most requests of the rounds',
  measure,
};
