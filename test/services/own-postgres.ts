import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './eventually.js';
import { poolOf } from './postgres-server.js';

/** The server refuses to run as root: there it runs as the user that its package made. */
function idOf(flag: '-u' | '-g'): number | undefined {
  if (process.getuid?.() !== 0) return undefined;
  return Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
}

function binaryOf(name: string): string {
  const versions = '/usr/lib/postgresql';
  const found = existsSync(versions) ? readdirSync(versions).sort() : [];
  const folders = found.map(version => join(versions, version, 'bin')).reverse();
  return folders.map(folder => join(folder, name)).find(path => existsSync(path)) ?? name;
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** A server of a test's own, in a folder of its own, which the test may stop. */
export class OwnPostgres {
  readonly #folder = mkdtempSync(join(tmpdir(), 'keelson-postgres-'));
  readonly #as = { uid: idOf('-u'), gid: idOf('-g') };
  #port = 0;
  #process: ChildProcess | undefined;

  get config() {
    const bounds = { max: 10, connectionTimeoutMillis: 5_000 };
    return { host: '127.0.0.1', port: this.#port, user: 'tester', database: 'postgres', ...bounds };
  }

  async create(): Promise<void> {
    const { uid, gid } = this.#as;
    if (uid !== undefined && gid !== undefined) chownSync(this.#folder, uid, gid);
    const args = ['-D', this.#folder, '-U', 'tester', '-A', 'trust', '--no-sync'];
    execFileSync(binaryOf('initdb'), args, { ...this.#own(), stdio: 'ignore' });
    this.#port = await freePort();
    await this.start();
  }

  async start(): Promise<void> {
    const facts = ['-p', String(this.#port), '-k', this.#folder, '-h', '127.0.0.1'];
    const args = ['-D', this.#folder, ...facts, '-c', 'shared_buffers=16MB'];
    this.#process = spawn(binaryOf('postgres'), args, { ...this.#own(), stdio: 'ignore' });
    await until(() => this.#answers(), 60_000);
  }

  /** Ends it: `crash` as if the power went, otherwise in good order. */
  async stop(how: 'crash' | 'fast' = 'fast'): Promise<void> {
    const running = this.#process;
    if (running === undefined || running.exitCode !== null) return;
    const ended = new Promise(resolve => running.once('exit', resolve));
    running.kill(how === 'crash' ? 'SIGQUIT' : 'SIGINT');
    await ended;
    this.#process = undefined;
  }

  async remove(): Promise<void> {
    await this.stop('crash');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #own() {
    const { uid, gid } = this.#as;
    return uid === undefined || gid === undefined ? { cwd: this.#folder } : { uid, gid, cwd: this.#folder };
  }

  async #answers(): Promise<boolean> {
    const pool = poolOf({ ...this.config, connectionTimeoutMillis: 1_000 });
    try {
      await pool.query('SELECT 1');
      return true;
    } catch {
      return false;
    } finally {
      await pool.end();
    }
  }
}
