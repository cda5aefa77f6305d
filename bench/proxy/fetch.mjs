import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, fetch, request } from 'undici';
import { must } from '../checks/must.mjs';
import { median, seeded, shuffled } from '../harness/stats.mjs';

const program = new URL('../subjects/proxies.mjs', import.meta.url);
const CLIENTS = 32;
const TARGET = 0.9;

/** Pairs: the same client by itself, and through a proxy with that client, all of them through one pool. */
async function subjectsOf(origin, dispatcher) {
  const { ServiceProxy } = await import(new URL('../../dist/proxy.js', import.meta.url));
  const proxy = new ServiceProxy({
    service: 'stock',
    instances: [{ id: 'a', url: origin }],
    fetch: (url, init) => fetch(url, { ...init, dispatcher }),
  });
  const text = async response => (await response).text();
  const body = async answer => (await answer).body.text();
  return {
    'undici.fetch': () => text(fetch(`${origin}/items/7`, { dispatcher })),
    'proxy.fetch': () => text(proxy.fetch('/items/7')),
    'undici.request': () => body(request(`${origin}/items/7`, { dispatcher })),
    'proxy.call with undici.request': () =>
      proxy.call((_, { url }) => body(request(`${url}/items/7`, { dispatcher }))),
  };
}

const pairs = [
  ['proxy.fetch', 'undici.fetch'],
  ['proxy.call with undici.request', 'undici.request'],
];

/** So many requests by so many at a time: how many a second, and what each took of this process, in µs. */
async function round(ask, requests) {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const client = async () => {
    for (let sent = 0; sent < requests / CLIENTS; sent++) await ask();
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: (requests / (performance.now() - start)) * 1e3, cpuUs: (user + system) / requests };
}

async function measure(_, { rounds, seed, warmMs }) {
  const requests = warmMs < 100 ? 640 : 1_600;
  const server = fork(program, ['upstream', '0'], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [{ port }] = await once(server, 'message');
  const dispatcher = new Agent({ connections: CLIENTS });
  try {
    const subjects = await subjectsOf(`http://127.0.0.1:${port}`, dispatcher);
    for (const ask of Object.values(subjects)) must((await ask()).includes('"inStock":12'), 'has the answer');
    const random = seeded(seed);
    const taken = Object.fromEntries(Object.keys(subjects).map(name => [name, []]));
    // One pair after the other: what one client leaves to the collector is not for another one to clear away.
    for (const pair of pairs) {
      for (const name of pair) await round(subjects[name], requests);
      for (let at = 0; at < rounds; at++) {
        for (const name of shuffled(pair, random)) taken[name].push(await round(subjects[name], requests));
      }
    }
    return report(taken);
  } finally {
    await dispatcher.close();
    server.disconnect();
  }
}

function report(taken) {
  const of = (name, figure) => taken[name].map(each => each[figure]);
  const leastOf = name => Math.min(...of(name, 'cpuUs'));
  const rows = Object.keys(taken).map(subject => {
    const base = pairs.find(([ours]) => ours === subject)?.[1];
    const shareOf = (figure, turned) =>
      median(of(subject, figure).map((value, at) => (value / of(base, figure)[at]) ** (turned ? -1 : 1)));
    return {
      group: 'fetch',
      subject,
      perSecond: median(of(subject, 'perSecond')),
      cpuUs: median(of(subject, 'cpuUs')),
      ...(base && {
        base,
        ratio: shareOf('perSecond'),
        cpuRatio: shareOf('cpuUs', true),
        least: leastOf(base) / leastOf(subject),
      }),
    };
  });
  const lines = rows.map(({ subject, perSecond, cpuUs, base, ratio, cpuRatio, least }) => {
    const rate = perSecond.toFixed(0).padStart(7);
    const own = `  ${subject.padEnd(32)} ${rate}/s  ${cpuUs.toFixed(1).padStart(6)} us`;
    if (base === undefined) return own;
    const mark = ratio >= TARGET ? 'pass' : 'MISS';
    const cpu = `${cpuRatio.toFixed(2)} x by the processor, ${least.toFixed(2)} x in the best rounds`;
    return `${own}  ${ratio.toFixed(2)} x ${base}: ${mark} ${TARGET}; ${cpu}`;
  });
  return { rows, lines, notes: [], failures: [] };
}

export const group = {
  name: 'fetch',
  title: `a request through a proxy beside the same client by itself, one pool, ${CLIENTS} at a time`,
  measure,
};
