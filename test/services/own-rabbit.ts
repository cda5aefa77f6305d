import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { rabbitConnection } from './rabbit-server.js';

const run = promisify(execFile);

/** The scripts of the package itself: those in the path insist on the user and the folder of it. */
function scriptOf(name: string): string {
  const own = `/usr/lib/rabbitmq/bin/${name}`;
  return existsSync(own) ? own : name;
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** So long the server lets anybody hold a message, in ms. */
export const CONSUMER_TIMEOUT_MS = 4_000;

/** A server of a test's own, in a folder of its own, which the test may stop. */
export class OwnRabbit {
  readonly #folder = mkdtempSync(join(tmpdir(), 'keelson-rabbit-'));
  #port = 0;
  #env: NodeJS.ProcessEnv = {};
  #process: ChildProcess | undefined;

  get url(): string {
    return `amqp://guest:guest@127.0.0.1:${this.#port}`;
  }

  async create(): Promise<void> {
    const [port, dist, epmd] = [await freePort(), await freePort(), await freePort()];
    this.#port = port;
    const at = (name: string) => join(this.#folder, name);
    for (const name of ['mnesia', 'log']) mkdirSync(at(name));
    writeFileSync(at('enabled_plugins'), '[].\n');
    const listener = [`listeners.tcp.1 = 127.0.0.1:${port}`, 'log.console = false', 'log.file.level = error'];
    // So long anybody may hold a message: as short as tests can wait for.
    listener.push(`consumer_timeout = ${CONSUMER_TIMEOUT_MS}`);
    writeFileSync(at('rabbitmq.conf'), [...listener, ''].join('\n'));
    writeFileSync(at('env.conf'), '');
    this.#env = {
      ...process.env,
      HOME: this.#folder,
      ERL_EPMD_PORT: String(epmd),
      RABBITMQ_NODENAME: `keelson-${port}@localhost`,
      RABBITMQ_DIST_PORT: String(dist),
      RABBITMQ_MNESIA_BASE: at('mnesia'),
      RABBITMQ_LOG_BASE: at('log'),
      RABBITMQ_CONFIG_FILE: at('rabbitmq.conf'),
      RABBITMQ_CONF_ENV_FILE: at('env.conf'),
      RABBITMQ_ENABLED_PLUGINS_FILE: at('enabled_plugins'),
      RABBITMQ_PID_FILE: at('pid'),
      // It looks each second, not each minute, whether somebody holds a message for too long.
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+sbwt none -rabbit channel_tick_interval 1000',
    };
    await this.start();
  }

  async start(): Promise<void> {
    const options = { env: this.#env, cwd: this.#folder, stdio: 'ignore', detached: true } as const;
    this.#process = spawn(scriptOf('rabbitmq-server'), [], options);
    const running = this.#process;
    const end = performance.now() + 60_000;
    // It has little time to spare for those who ask.
    while (!(await this.#answers())) {
      if (running.exitCode !== null) throw new Error(`the server ended with ${running.exitCode}`);
      if (performance.now() > end) throw new Error('the server does not come up');
      await sleep(200);
    }
  }

  /** Ends it: `crash` as if the power went, otherwise in good order. */
  async stop(how: 'crash' | 'fast' = 'fast'): Promise<void> {
    const running = this.#process;
    if (running?.pid === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise(resolve => running.once('exit', resolve));
    // The script and the server that it runs are a group of their own.
    process.kill(-running.pid, how === 'crash' ? 'SIGKILL' : 'SIGTERM');
    await ended;
    this.#process = undefined;
  }

  /** Tells the server something; takes a second or two. */
  async control(...args: readonly string[]): Promise<void> {
    await run(scriptOf('rabbitmqctl'), [...args], { env: this.#env, cwd: this.#folder, timeout: 30_000 });
  }

  async remove(): Promise<void> {
    await this.stop('crash');
    // Its name server was started by it, outlives it, and stays for as long as it knows of a server.
    for (let tries = 0; tries < 50 && !(await this.#endNames()); tries++) await sleep(100);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #endNames(): Promise<boolean> {
    try {
      const { stdout } = await run('epmd', ['-kill'], { env: this.#env });
      return stdout.includes('Killed') || stdout.includes('Cannot connect');
    } catch {
      return false;
    }
  }

  async #answers(): Promise<boolean> {
    try {
      await (await rabbitConnection(this.url)).close();
      return true;
    } catch {
      return false;
    }
  }
}
