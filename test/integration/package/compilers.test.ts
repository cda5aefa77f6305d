import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { root } from '../../house/tree.js';
import { consumer } from './packed.js';

const compilers = { 'TypeScript 6': 'tsc6', 'TypeScript 7': 'tsc' };
const modules = {
  node16: { module: 'node16' },
  nodenext: { module: 'nodenext' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
};
const cases = Object.keys(compilers).flatMap(compiler =>
  Object.keys(modules).map(kind => [compiler, kind] as const),
);

/** Written to fail when types are `any`, or when the doors of the package declare different classes. */
const program = `
import { pipeline, Timeout, wrap } from 'keelson';
import { EventBus } from 'keelson/events';
import { mariadbDatabase } from 'keelson/mariadb';
import { cloudEvent, cloudEventToHttp, type MessageBus } from 'keelson/messaging';
import { mqtt5 } from 'keelson/mqtt';
import { postgresBus } from 'keelson/postgres';
import { rabbitmq } from 'keelson/rabbitmq';
import { redisStreams } from 'keelson/redis';
import { Timeout as SameTimeout } from 'keelson/resilience';
import * as testing from 'keelson/testing';

const timeout: Timeout = new SameTimeout({ timeoutMs: 50 });
const price = wrap(pipeline(timeout), async ({ signal }, sku: string) => ({ cents: sku.length, signal }));
export const cents: Promise<number> = price('apple').then(answer => answer.cents);
const event = cloudEvent({ source: '/a', type: 'b', data: { cents: 995 } });
export const data: number | undefined = event.data?.cents;
export const body: Uint8Array | undefined = cloudEventToHttp(event).body;
// @ts-expect-error an event has a source
cloudEvent({ type: 'b' });
// @ts-expect-error the argument is a string
price(1);
// @ts-expect-error there is no such export
testing.nothing;
new EventBus<{ placed: { cents: number } }>().on('placed', event => event.cents.toFixed());
export const confirm: 'durable' | undefined = undefined as Bus['confirm'] | undefined;
type Bus = ReturnType<typeof postgresBus> extends MessageBus<infer C> ? C : never;
// No client is installed here: the doors of brokers declare what they need of one.
// @ts-expect-error a client is needed
postgresBus({});
// @ts-expect-error a client is needed
mariadbDatabase({ service: 'orders' });
// What it asks of one says so: a pool without \`getConnection\` is none.
// @ts-expect-error a pool lends connections
mariadbDatabase({ service: 'orders', client: { query: async () => [[], []] } });
// @ts-expect-error a client is needed
redisStreams({});
// @ts-expect-error a way to connect is needed
rabbitmq({});
// @ts-expect-error a way to connect is needed
mqtt5({});
`;

function compile(compiler: string, options: object, program: string) {
  const tsconfig = {
    compilerOptions: {
      ...options,
      target: 'es2022',
      lib: ['es2022'],
      types: ['node'],
      typeRoots: [`${root}/node_modules/@types`],
      strict: true,
      noEmit: true,
      // The declarations of the package are read as well.
      skipLibCheck: false,
    },
    files: ['esm.mts', 'cjs.cts'],
  };
  const files = { 'tsconfig.json': JSON.stringify(tsconfig), 'esm.mts': program, 'cjs.cts': program };
  const cwd = consumer('types', files);
  const { stdout } = spawnSync(`${root}/node_modules/.bin/${compiler}`, [], { cwd, encoding: 'utf8' });
  return stdout;
}

describe('the types of the installed package', () => {
  it.each(cases)('compile with %s, module %s, from ES modules and from CommonJS', (compiler, kind) => {
    const options = modules[kind as keyof typeof modules];
    expect(compile(compilers[compiler as keyof typeof compilers], options, program)).toBe('');
  });

  it('are told of when they do not', () => {
    const answer = compile('tsc', modules.node16, "import { nothing } from 'keelson';");
    expect(answer).toContain(
      "esm.mts(1,10): error TS2305: Module '\"keelson\"' has no exported member 'nothing'",
    );
    expect(answer).toContain('cjs.cts(1,10): error TS2305');
  });
});
