import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type CommandHost, type GatewayCommandOptions, runGateway } from './gateway-command.js';

const HELP = `Usage: keelson gateway <file> [options]

Runs the gateway that a file of JSON or YAML describes, and goes by the file when it changes.

  --check            Print the routes in the order in which they are asked, or what is wrong, and end.
  --port <number>    Where to listen; else the \`listen\` of the file, or 8080.
  --host <name>      The address to listen on; else the \`listen\` of the file, or all.
  --tls-cert <file>  The certificate, as PEM; with --tls-key in the place of \`listen.tls\` of the file.
  --tls-key <file>   Its private key.
  --no-watch         Read the files again on SIGHUP alone.
  --grace-ms <ms>    How long requests may still take after SIGTERM or SIGINT. (10000)
  --help             Print this.

A text such as \${NAME} in the file is the variable of the environment of that name; secrets stand nowhere
else. Prints a line of JSON for each request. Ends with 0 when it was told to, with 1 when it could not be,
and with 2 when it was called wrongly.
`;

/** A command that was called wrongly. */
class UsageError extends Error {}

function numberOf(text: string | undefined, option: string, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= max)) throw new UsageError(`--${option} must be an integer from 0 to ${max}, got ${text}`);
  return value;
}

/** Paths of the command are as seen from where it was called. */
function tlsOf(cert: string | undefined, key: string | undefined): GatewayCommandOptions['tls'] {
  if (cert === undefined && key === undefined) return undefined;
  if (!cert || !key) throw new UsageError('--tls-cert and --tls-key go together, each with a file');
  return { certFile: resolve(cert), keyFile: resolve(key) };
}

/** What the words after `keelson` say; `undefined` where they ask for help. */
function readCommand(words: readonly string[]): GatewayCommandOptions | undefined {
  const { values, positionals } = parseWords(words);
  if (values.help === true) return undefined;
  const [command, path, ...more] = positionals;
  if (command !== 'gateway') {
    throw new UsageError(command === undefined ? 'say what to do' : `there is no command ${command}`);
  }
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
        ...{ 'tls-cert': { type: 'string' }, 'tls-key': { type: 'string' } },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** The command `keelson`. Resolves with its exit code. */
export async function runCommand(host: CommandHost): Promise<number> {
  try {
    const options = readCommand(host.argv.slice(2));
    if (options !== undefined) return await runGateway(options, host);
    host.stdout.write(HELP);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    host.stderr.write(`keelson: ${error.message}\n\n${HELP}`);
    return 2;
  }
}
