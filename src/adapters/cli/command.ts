import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type CommandHost, type GatewayCommandOptions, runGateway } from './gateway-command.js';
import { type InitOptions, runInit } from './init-command.js';
import { frameworks } from './service-facts.js';

const HELP = `Usage: keelson gateway <file> [options]
       keelson init [folder] [options]

\`gateway\` runs the gateway that a file of JSON or YAML describes, and goes by the file when it changes.

  --check            Print the routes in the order in which they are asked, or what is wrong, and end.
  --port <number>    Where to listen; else the \`listen\` of the file, or 8080.
  --host <name>      The address to listen on; else the \`listen\` of the file, or all.
  --tls-cert <file>  The certificate, as PEM; with --tls-key in the place of \`listen.tls\` of the file.
  --tls-key <file>   Its private key.
  --no-watch         Read the files again on SIGHUP alone.
  --grace-ms <ms>    How long requests may still take after SIGTERM or SIGINT. (10000)
  --help             Print this.

A text such as \${NAME} in the file is the variable of the environment of that name; secrets stand nowhere
else. Prints a line of JSON for each request.

\`init\` writes a commented starting file into the service in the folder (.), in its language and for its
framework, and never over a file that is there.

  --framework <name> One of nestjs, fastify, hono, express, none; else the one it depends on.
  --file <path>      Where to write, from the folder on; else \`resilience\` among the sources.

Ends with 0 when it was told to, with 1 when it could not be, and with 2 when it was called wrongly.
`;

/** A command that was called wrongly. */
class UsageError extends Error {}

function numberOf(text: string | undefined, option: string, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= max)) throw new UsageError(`--${option} must be an integer from 0 to ${max}, got ${text}`);
  return value;
}

type Words = ReturnType<typeof parseWords>['values'];

/** Options belong to one command: another that is given one was meant otherwise. */
const optionsOf: Readonly<Record<string, readonly string[]>> = /* @__PURE__ */ Object.freeze({
  gateway: ['check', 'port', 'host', 'tls-cert', 'tls-key', 'no-watch', 'grace-ms'],
  init: ['framework', 'file'],
});

function checkOptions(command: string, values: Words): void {
  const foreign = Object.keys(values).find(name => !optionsOf[command]!.includes(name));
  if (foreign !== undefined) throw new UsageError(`--${foreign} is not for ${command}`);
}

/** Paths of the command are as seen from where it was called. */
function tlsOf(cert: string | undefined, key: string | undefined): GatewayCommandOptions['tls'] {
  if (cert === undefined && key === undefined) return undefined;
  if (!cert || !key) throw new UsageError('--tls-cert and --tls-key go together, each with a file');
  return { certFile: resolve(cert), keyFile: resolve(key) };
}

function gatewayOptions(values: Words, [path, ...more]: readonly string[]): GatewayCommandOptions {
  if (path === undefined || more.length > 0) throw new UsageError('one file has to be named');
  return {
    path,
    check: values.check === true,
    port: numberOf(values.port, 'port', 65_535),
    host: values.host,
    tls: tlsOf(values['tls-cert'], values['tls-key']),
    watch: values['no-watch'] !== true,
    graceMs: numberOf(values['grace-ms'], 'grace-ms', 2 ** 31 - 1) ?? 10_000,
  };
}

function initOptions(values: Words, [folder = '.', ...more]: readonly string[]): InitOptions {
  if (more.length > 0) throw new UsageError('one folder at most can be named');
  const framework = frameworks.find(each => each === values.framework);
  if (framework === undefined && values.framework !== undefined) {
    throw new UsageError(`--framework must be one of ${frameworks.join(', ')}, got ${values.framework}`);
  }
  return { folder, framework, file: values.file };
}

function parseWords(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        ...{
          check: { type: 'boolean' },
          'no-watch': { type: 'boolean' },
          help: { type: 'boolean', short: 'h' },
        },
        ...{ port: { type: 'string' }, host: { type: 'string' }, 'grace-ms': { type: 'string' } },
        ...{ framework: { type: 'string' }, file: { type: 'string' } },
        ...{ 'tls-cert': { type: 'string' }, 'tls-key': { type: 'string' } },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function run(host: CommandHost): Promise<number> {
  const { values, positionals } = parseWords(host.argv.slice(2));
  if (values.help === true) {
    host.stdout.write(HELP);
    return 0;
  }
  const [command, ...names] = positionals;
  if (command === undefined) throw new UsageError('say what to do');
  if (!Object.hasOwn(optionsOf, command)) throw new UsageError(`there is no command ${command}`);
  checkOptions(command, values);
  if (command === 'init') return runInit(initOptions(values, names), host);
  return await runGateway(gatewayOptions(values, names), host);
}

/** The command `keelson`. Resolves with its exit code. */
export async function runCommand(host: CommandHost): Promise<number> {
  try {
    return await run(host);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    host.stderr.write(`keelson: ${error.message}\n\n${HELP}`);
    return 2;
  }
}
