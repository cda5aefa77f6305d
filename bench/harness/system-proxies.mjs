import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const ANSWER = '{"sku":"tea","inStock":12,"warehouse":"north"}';

/** Whether a program of the system is there. */
export function hasProgram(name) {
  try {
    execFileSync('which', [name], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export async function freePort() {
  const server = createServer();
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise(resolve => server.close(resolve));
  return port;
}

/** Waits until somebody listens. */
export async function listens(port, child) {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(' ')} ended with ${child.exitCode}`);
    const there = await new Promise(resolve => {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (there) return;
    await pause(50);
  }
  throw new Error(`nobody listens at ${port}`);
}

/** A process that runs on one core alone. */
export const pinned = (core, program, args, options = {}) =>
  spawn('taskset', ['-c', String(core), program, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    ...options,
  });

const temp = folder =>
  ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map(name => `${name}_temp_path ${folder}/${name};`)
    .join(' ');

/** nginx in one process: before an upstream, or without one the upstream itself. */
export function nginx(folder, port, core, upstream) {
  const server =
    upstream === undefined
      ? `location / { default_type application/json; return 200 '${ANSWER}'; }`
      : 'location / { proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; }';
  const pool = upstream === undefined ? '' : `upstream up { server 127.0.0.1:${upstream}; keepalive 256; }`;
  const path = join(folder, `nginx-${port}.conf`);
  writeFileSync(
    path,
    `daemon off; master_process off; pid ${folder}/nginx-${port}.pid; error_log stderr crit;
     events { worker_connections 4096; }
     http { access_log off; keepalive_requests 1000000; ${temp(folder)} ${pool}
       server { listen 127.0.0.1:${port}; ${server} } }`,
  );
  return pinned(core, 'nginx', ['-p', folder, '-c', path, '-e', 'stderr']);
}

/** HAProxy with one thread. */
export function haproxy(folder, port, core, upstream) {
  const path = join(folder, 'haproxy.cfg');
  writeFileSync(
    path,
    `global\n  nbthread 1\n  maxconn 4096\ndefaults\n  mode http\n` +
      `  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\n  http-reuse always\n` +
      `  option forwardfor\n` +
      `frontend in\n  bind 127.0.0.1:${port}\n  default_backend up\n` +
      `backend up\n  server a 127.0.0.1:${upstream}\n`,
  );
  return pinned(core, 'haproxy', ['-f', path, '-q']);
}

/** Microseconds of the processor that a process has taken, and the most memory that it had. */
export function takenBy(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
  // The kernel counts in hundredths of a second.
  return { cpuUs: (user + system) * 10_000, peakMb: peak / 1_024 };
}
