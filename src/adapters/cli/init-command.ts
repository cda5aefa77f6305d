import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { type Framework, factsOf, type ServiceFacts, StarterError } from './service-facts.js';
import { edgeUse, starter } from './starter.js';

/** What of a process the command needs. */
export interface InitHost {
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** What the command was told. */
export interface InitOptions {
  /** The folder of the service. */
  readonly folder: string;
  /** In place of the one that is found in its manifest. */
  readonly framework: Framework | undefined;
  /** Where to write, from the folder on; else `resilience` among the sources. */
  readonly file: string | undefined;
}

const summary = ({ typescript, esm, framework }: ServiceFacts): string => {
  const language = typescript ? 'TypeScript' : esm ? 'JavaScript, ES modules' : 'JavaScript, CommonJS';
  return framework === 'none' ? language : `${language}, ${framework}`;
};

/** A file that is there is somebody's work: it is never written over. */
function write(path: string, text: string): void {
  if (existsSync(path)) throw new StarterError(`${path} is there already: name another by --file`);
  try {
    mkdirSync(dirname(path), { recursive: true });
    // Should it have come about by now, it is still not written over.
    writeFileSync(path, text, { flag: 'wx' });
  } catch (error) {
    throw new StarterError(`${path} cannot be written: ${(error as Error).message}`);
  }
}

/** Writes a starting file into a service that exists. Returns the exit code: 0, or 1 when it could not be. */
export function runInit({ folder, framework, file }: InitOptions, host: InitHost): number {
  try {
    const found = factsOf(folder);
    const facts = framework === undefined ? found : { ...found, framework };
    const name = file ?? join(facts.sources, facts.typescript ? 'resilience.ts' : 'resilience.js');
    const path = resolve(folder, name);
    write(path, starter(facts));
    const steps = [
      ...(facts.installed ? [] : [`${facts.install} keelson`]),
      `put the service that you call in the place of "stock" in ${relative(folder, path)}`,
      edgeUse(facts),
    ];
    host.stdout.write(
      `Wrote ${name} (${summary(facts)}).\n\nNext:\n${steps.map(each => `  ${each}\n`).join('')}`,
    );
    return 0;
  } catch (error) {
    if (!(error instanceof StarterError)) throw error;
    host.stderr.write(`keelson init: ${error.message}\n`);
    return 1;
  }
}
