import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { makeCertificates } from '../../e2e/gateway-wire/certificates.js';
import { eventually } from '../../e2e/gateway-wire/wire.js';
import { TestServer } from '../http-server.js';
import { install } from './packed.js';

const command = (): string => `${install()}/node_modules/.bin/keelson`;
const folder = mkdtempSync(join(tmpdir(), 'keelson-command-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Runs the command to its end. */
function run(words: readonly string[], env: Record<string, string> = {}) {
  const options = { encoding: 'utf8', env: { ...process.env, ...env }, timeout: 60_000 } as const;
  const { status, stdout, stderr } = spawnSync(command(), words, options);
  return { status, stdout, stderr };
}

const routes = `routes:
  - { path: /*, upstream: 'http://127.0.0.1:1/base' }
  - { path: /orders/:id, methods: [GET], headers: { x-beta: true }, reply: { body: "\${GREETING}" } }
  - { path: /orders/new, host: api.example, redirect: { to: /orders } }
`;

describe('the command of the installed package', () => {
  it('says how it is called', () => {
    const { status, stdout } = run(['--help']);
    expect([status, stdout.split('\n')[0]]).toEqual([0, 'Usage: keelson gateway <file> [options]']);
  });

  it.each([
    [[], 'say what to do'],
    [['serve', 'a'], 'there is no command serve'],
    [['gateway'], 'one file has to be named'],
    [['gateway', 'a', '--port', '70000'], '--port must be an integer from 0 to 65535, got 70000'],
    [['gateway', 'a', '--prot', '1'], "Unknown option '--prot'"],
    [['gateway', 'a', '--tls-cert', 'b'], '--tls-cert and --tls-key go together'],
  ])('ends with 2 for %j', (words, message) => {
    const { status, stdout, stderr } = run(words);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  it('prints the routes in the order in which they are asked', () => {
    const { status, stdout, stderr } = run(['gateway', write('good.yaml', routes), '--check'], {
      GREETING: 'hi',
    });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.split('\n').map(line => line.split(/ {2,}/).slice(0, 6))).toEqual([
      ['#', 'host', 'methods', 'path', 'if', 'goes to'],
      ['1', 'api.example', '*', '/orders/new', '-', 'redirect'],
      ['2', '*', 'GET', '/orders/:id', 'x-beta', 'reply'],
      ['3', '*', '*', '/*', '-', 'origin http://127.0.0.1:1/base'],
      [''],
    ]);
  });

  it('prints what is wrong, with where it is, and ends with 1', () => {
    const bad = write('bad.yaml', `${routes}  - { path: /x, replay: { body: a } }\ntrusted: []\n`);
    const { status, stdout, stderr } = run(['gateway', bad, '--check'], { GREETING: 'hi' });
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain('  routes[3].replay is unknown; did you mean `reply`? (line 5, column 17)\n');
    expect(stderr).toContain('  trusted is unknown;');
    const unset = run(['gateway', write('good.yaml', routes)]);
    expect([unset.status, unset.stderr.split('\n')[1]]).toEqual([
      1,
      '  routes[1].reply.body names the variable "GREETING", which is not set (line 3, column 78)',
    ]);
    expect(run(['gateway', join(folder, 'none.yaml')])).toMatchObject({ status: 1, stdout: '' });
  });
});

interface Line {
  readonly event: string;
  readonly url?: string;
  readonly path?: string;
  readonly status?: number;
  readonly problems?: readonly string[];
}

/** The name in the certificate of a server whose authority is known. */
async function nameOf(url: string, ca: string): Promise<string> {
  const socket = connect({ port: Number(new URL(url).port), ca, checkServerIdentity: () => undefined });
  await once(socket, 'secureConnect');
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}

/** The command while it runs. */
class Running implements AsyncDisposable {
  readonly child: ChildProcessWithoutNullStreams;
  readonly lines: Line[] = [];
  readonly ended: Promise<number | null>;
  errors = '';

  constructor(words: readonly string[]) {
    this.child = spawn(command(), ['gateway', ...words], { stdio: 'pipe' });
    this.ended = new Promise(resolve => this.child.once('close', resolve));
    let rest = '';
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const all = (rest + text).split('\n');
      rest = all.pop()!;
      this.lines.push(...all.map(line => JSON.parse(line) as Line));
    });
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
    });
  }

  async heard(event: string, count = 1): Promise<Line> {
    const found = (): Line | undefined => this.lines.filter(line => line.event === event)[count - 1];
    await eventually(() => found() !== undefined || this.child.exitCode !== null, `${event} ${count}`);
    const line = found();
    if (line === undefined) throw new Error(`it has ended: ${this.errors}`);
    return line;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null) this.child.kill('SIGKILL');
    await this.ended;
  }
}

describe('the gateway of the installed package', () => {
  const open: AsyncDisposable[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
  });
  const keep = <T extends AsyncDisposable>(one: T): T => {
    open.push(one);
    return one;
  };
  const text = async (url: string): Promise<string> => (await fetch(url)).text();

  it('serves, logs, reloads, and lets what is under way end', async () => {
    let finish = (): void => {};
    const upstream = keep(
      await TestServer.start((_, response) => {
        response.write('be');
        finish = () => response.end('gun');
      }),
    );
    const config = (body: string) =>
      JSON.stringify({
        listen: { port: 1, host: '127.0.0.1' },
        routes: [
          { path: '/', reply: { body } },
          { path: '/slow', upstream: upstream.url },
        ],
      });
    const path = write('gateway.json', config('one'));
    const running = keep(new Running([path, '--port', '0', '--no-watch']));
    const { url } = await running.heard('listening');
    expect(await text(url!)).toBe('one');
    expect(await running.heard('completed')).toMatchObject({ path: '/', status: 200, outcome: 'answered' });

    write('gateway.json', config('two'));
    running.child.kill('SIGHUP');
    await running.heard('reloaded');
    expect(await text(url!)).toBe('two');
    write('gateway.json', '{"routes": 5}');
    running.child.kill('SIGHUP');
    expect((await running.heard('refused')).problems).toEqual([
      'routes must be a list of routes, got 5 (line 1, column 2)',
    ]);
    expect(await text(url!)).toBe('two');

    const slow = await fetch(`${url}/slow`);
    running.child.kill('SIGTERM');
    await running.heard('closing');
    await expect(fetch(url!)).rejects.toThrow();
    finish();
    expect(await slow.text()).toBe('begun');
    expect(await running.ended).toBe(0);
    expect(running.lines.at(-1)).toMatchObject({ event: 'closed' });
    expect(running.errors).toBe('');
  });

  it('goes by the file when it changes, and cuts off what is under way at a second signal', async () => {
    const upstream = keep(await TestServer.start((_, response) => response.write('be')));
    const lines = (body: string) =>
      `routes: [{ path: /, reply: { body: ${body} } }, { path: /slow, upstream: '${upstream.url}' }]`;
    const path = write('watched.yaml', lines('one'));
    const running = keep(new Running([path, '--port', '0', '--host', '127.0.0.1']));
    const { url } = await running.heard('listening');
    write('watched.yaml', lines('two'));
    await running.heard('reloaded');
    expect(await text(url!)).toBe('two');
    const slow = await fetch(`${url}/slow`);
    running.child.kill('SIGTERM');
    await running.heard('closing');
    running.child.kill('SIGTERM');
    await expect(slow.text()).rejects.toThrow();
    expect(await running.ended).toBe(1);
  });

  it('speaks TLS by flags, and goes by new files on SIGHUP', async () => {
    const { ca, server, other } = makeCertificates();
    const config = write('tls.json', '{"routes":[{"path":"/","reply":{"body":"safe"}}]}');
    const [cert, key] = [write('edge.pem', server.cert), write('edge.key', server.key)];
    const place = ['--port', '0', '--host', '127.0.0.1', '--no-watch'];
    const running = keep(new Running([config, ...place, '--tls-cert', cert, '--tls-key', key]));
    const { url } = await running.heard('listening');
    expect(url).toMatch(/^https:/);
    expect(await nameOf(url!, ca)).toBe('orders.test');
    write('edge.pem', other.cert);
    running.child.kill('SIGHUP');
    expect((await running.heard('refused')).problems![0]).toContain('no server can be made of them');
    expect(await nameOf(url!, ca)).toBe('orders.test');
    write('edge.key', other.key);
    running.child.kill('SIGHUP');
    await running.heard('certificateReloaded');
    expect(await nameOf(url!, ca)).toBe('other.test');
  });

  it('ends with 1 when it cannot listen', async () => {
    const other = keep(await TestServer.start((_, response) => response.end()));
    const { port } = new URL(other.url);
    const running = keep(
      new Running([write('port.json', '{"routes":[]}'), '--port', port, '--host', '127.0.0.1']),
    );
    expect(await running.ended).toBe(1);
    expect(running.errors).toContain('EADDRINUSE');
  });
});
