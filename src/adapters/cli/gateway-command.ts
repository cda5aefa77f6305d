import { extname } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { Jose } from '../../gateway/jwt.js';
import type { Yaml } from '../../gateway/yaml-text.js';
import { ConfigError } from '../../resilience/config-error.js';
import { GatewayFile, type GatewayFileOptions } from '../node-http/gateway-file.js';
import type { TlsFilesConfig } from '../node-http/tls-files.js';
import { JsonLines } from './json-lines.js';
import { listRoutes } from './route-listing.js';

/** What of a process a command needs; `process` is one. */
export interface CommandHost {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin?: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  on(signal: 'SIGHUP' | 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  off(signal: 'SIGHUP' | 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
}

/** What the command was told. */
export interface GatewayCommandOptions {
  readonly path: string;
  readonly check: boolean;
  readonly port: number | undefined;
  readonly host: string | undefined;
  readonly tls: TlsFilesConfig | undefined;
  readonly watch: boolean;
  readonly graceMs: number;
}

const STANDARD_PORT = 8_080;

/** Runs a gateway until a signal ends it. Resolves with the exit code: 0, or 1 when it could not be. */
export async function runGateway(options: GatewayCommandOptions, host: CommandHost): Promise<number> {
  try {
    const file = await GatewayFile.open(options.path, await fileOptions(options, host));
    if (!options.check) return await serve(file, options, host);
    host.stdout.write(listRoutes(file.gateway));
    await file.close();
    return 0;
  } catch (error) {
    host.stderr.write(`keelson gateway: ${wordsOf(error, options.path)}\n`);
    return 1;
  }
}

/** The mistakes of a config one below the other; of anything else what it says. */
function wordsOf(error: unknown, path: string): string {
  if (!(error instanceof ConfigError)) return error instanceof Error ? error.message : String(error);
  return `${path} cannot be:\n${error.problems.map(({ message }) => `  ${message}`).join('\n')}`;
}

async function fileOptions(options: GatewayCommandOptions, host: CommandHost): Promise<GatewayFileOptions> {
  const isYaml = /^\.ya?ml$/i.test(extname(options.path));
  const jose = await optionalModule<Jose>('jose');
  const yaml = isYaml ? await optionalModule<Yaml>('yaml') : undefined;
  if (isYaml && yaml === undefined)
    throw new Error('a file of YAML needs the package `yaml`: npm install yaml');
  return {
    env: host.env,
    pollMs: options.watch && !options.check ? 1_000 : 0,
    ...(options.tls && { tlsFiles: options.tls }),
    ...(jose && { jose }),
    ...(yaml && { yaml }),
  };
}

/** A package that may not be installed. */
async function optionalModule<T>(name: string): Promise<T | undefined> {
  try {
    return (await import(name)) as T;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

const failures = [
  'upstreamFailed',
  'authenticatorFailed',
  'limitFailed',
  'splitFailed',
  'functionFailed',
] as const;

async function serve(file: GatewayFile, options: GatewayCommandOptions, host: CommandHost): Promise<number> {
  const log = new JsonLines(host.stdout);
  const { gateway, place } = file;
  gateway.on('completed', fields => log.write('completed', fields));
  for (const event of failures) {
    gateway.on(event, ({ error, ...fields }: { readonly error: unknown }) =>
      log.write(event, { ...fields, error: error instanceof Error ? error.message : String(error) }),
    );
  }
  file.on('reloaded', fields => log.write('reloaded', fields));
  file.on('certificateReloaded', fields => log.write('certificateReloaded', fields));
  file.on('refused', ({ error, ...fields }) =>
    log.write('refused', {
      ...fields,
      problems: problemsOf(error),
    }),
  );
  const named = options.host ?? place?.host;
  const port = options.port ?? place?.port ?? STANDARD_PORT;
  try {
    const { url } = await gateway.listen({ port, ...(named === undefined ? {} : { host: named }) });
    log.write('listening', { url });
  } catch (error) {
    await file.close({ graceMs: 0 });
    throw error;
  }
  const code = await untilSignal(file, options.graceMs, host, log);
  log.write('closed', {});
  return code;
}

const problemsOf = (error: unknown): string[] =>
  error instanceof ConfigError ? error.problems.map(({ message }) => message) : [String(error)];

/** The first signal lets what is under way end; the second cuts it off. */
function untilSignal(file: GatewayFile, graceMs: number, host: CommandHost, log: JsonLines): Promise<number> {
  const reload = (): void => {
    // What is wrong has been told by its event.
    file.reload().catch(() => {});
  };
  return new Promise(resolve => {
    let closing = false;
    const end = (): void => {
      if (closing) {
        finish(1);
        return;
      }
      closing = true;
      log.write('closing', { graceMs });
      file.close({ graceMs }).then(
        () => finish(0),
        () => finish(1),
      );
    };
    const finish = (code: number): void => {
      host.off('SIGHUP', reload);
      host.off('SIGTERM', end);
      host.off('SIGINT', end);
      resolve(code);
    };
    host.on('SIGHUP', reload);
    host.on('SIGTERM', end);
    host.on('SIGINT', end);
  });
}
