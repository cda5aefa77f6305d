import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The frameworks that a starting file knows, in the order in which they are looked for. */
export const frameworks = /* @__PURE__ */ Object.freeze([
  'nestjs',
  'fastify',
  'hono',
  'express',
  'none',
] as const);
export type Framework = (typeof frameworks)[number];

/** What is known of a service by looking at its folder. */
export interface ServiceFacts {
  readonly typescript: boolean;
  /** Whether a `.js` file of it is an ES module. */
  readonly esm: boolean;
  readonly framework: Framework;
  /** Whether it depends on this package already. */
  readonly installed: boolean;
  /** The words that install a package. */
  readonly install: string;
  /** Where its sources are: `src`, or `''` for the folder itself. */
  readonly sources: string;
}

/** A folder that cannot be looked at, or not be written to. */
export class StarterError extends Error {}

interface Manifest {
  readonly type?: unknown;
  readonly dependencies?: Readonly<Record<string, unknown>>;
  readonly devDependencies?: Readonly<Record<string, unknown>>;
  readonly peerDependencies?: Readonly<Record<string, unknown>>;
}

const packages: Readonly<Record<Framework, string | undefined>> = /* @__PURE__ */ Object.freeze({
  nestjs: '@nestjs/core',
  fastify: 'fastify',
  hono: 'hono',
  express: 'express',
  none: undefined,
});

/** By the lock file that lies there. */
const installers: readonly (readonly [lock: string, words: string])[] = /* @__PURE__ */ Object.freeze([
  ['pnpm-lock.yaml', 'pnpm add'],
  ['yarn.lock', 'yarn add'],
  ['bun.lock', 'bun add'],
  ['bun.lockb', 'bun add'],
]);

function manifestOf(folder: string): Manifest {
  const path = join(folder, 'package.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new StarterError(`${path} cannot be read: ${(error as Error).message}`);
    }
    throw new StarterError(`there is no package.json in ${folder}: name the folder of a service`);
  }
  try {
    const manifest: unknown = JSON.parse(text);
    if (typeof manifest === 'object' && manifest !== null && !Array.isArray(manifest)) return manifest;
  } catch (error) {
    throw new StarterError(`${path} is no JSON: ${(error as Error).message}`);
  }
  throw new StarterError(`${path} holds no object`);
}

/**
 * Looks at the folder of a service.
 *
 * @throws StarterError where there is none, or its manifest cannot be read.
 */
export function factsOf(folder: string): ServiceFacts {
  const { type, ...manifest } = manifestOf(folder);
  const has = (name: string): boolean =>
    [manifest.dependencies, manifest.devDependencies, manifest.peerDependencies].some(
      each => typeof each === 'object' && each !== null && Object.hasOwn(each, name),
    );
  const here = (name: string): boolean => existsSync(join(folder, name));
  return {
    typescript: here('tsconfig.json') || has('typescript'),
    esm: type === 'module',
    framework: frameworks.find(each => packages[each] !== undefined && has(packages[each])) ?? 'none',
    installed: has('keelson'),
    install: installers.find(([lock]) => here(lock))?.[1] ?? 'npm install',
    sources: here('src') ? 'src' : '',
  };
}
