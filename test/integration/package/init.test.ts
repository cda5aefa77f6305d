import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { root } from '../../house/tree.js';
import { apps } from './init-apps.js';
import { install } from './packed.js';

const folder = mkdtempSync(join(tmpdir(), 'keelson-init-'));
afterAll(() => rmSync(folder, { recursive: true }));

const installed = [
  ...['express', 'fastify', 'hono', '@types/node', '@types/express'],
  ...['@nestjs/core', '@nestjs/common', '@nestjs/platform-express', 'rxjs', 'reflect-metadata'],
];
let services = 0;

/** A service that exists: its manifest, its files, and the packages that it has installed. */
function service(manifest: object | string, files: Record<string, string> = {}): string {
  const path = join(folder, `service-${++services}`);
  const modules = join(path, 'node_modules');
  mkdirSync(join(modules, '@types'), { recursive: true });
  symlinkSync(`${install()}/node_modules/keelson`, join(modules, 'keelson'));
  mkdirSync(join(modules, '@nestjs'));
  for (const name of installed) {
    symlinkSync(`${root}/node_modules/${name}`, join(modules, name));
  }
  const text = typeof manifest === 'string' ? manifest : JSON.stringify(manifest);
  for (const [name, content] of Object.entries({ ...files, 'package.json': text })) {
    mkdirSync(join(path, name, '..'), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return path;
}

function run(words: readonly string[], cwd = folder) {
  const command = `${install()}/node_modules/.bin/keelson`;
  const options = { encoding: 'utf8', timeout: 60_000, cwd } as const;
  const { status, stdout, stderr } = spawnSync(command, ['init', ...words], options);
  return { status, stdout, stderr };
}

const depends = (...names: readonly string[]) => ({
  dependencies: Object.fromEntries(names.map(name => [name, '*'])),
});
const known = ['express', 'fastify', 'hono', 'nestjs', 'none'] as const;

describe('keelson init', () => {
  it('says what it has written, and what comes next', () => {
    const path = service({ type: 'module', ...depends('fastify') }, { 'src/a.js': '', 'pnpm-lock.yaml': '' });
    expect(run([], path)).toEqual({
      status: 0,
      stderr: '',
      stdout:
        'Wrote src/resilience.js (JavaScript, ES modules, fastify).\n\nNext:\n  pnpm add keelson\n' +
        '  put the service that you call in the place of "stock" in src/resilience.js\n' +
        '  app.setErrorHandler(upstreamErrors);\n',
    });
  });

  it.each([
    [{}, {}, 'resilience.js (JavaScript, CommonJS)', 'npm install keelson'],
    [depends('express', 'keelson'), {}, 'resilience.js (JavaScript, CommonJS, express)', undefined],
    [{ devDependencies: { typescript: '*' } }, {}, 'resilience.ts (TypeScript)', 'npm install keelson'],
    [depends('hono'), { 'tsconfig.json': '' }, 'resilience.ts (TypeScript, hono)', 'npm install keelson'],
    [depends('express', 'fastify'), { 'yarn.lock': '' }, /fastify\)/, 'yarn add keelson'],
    [{ dependencies: null }, { 'bun.lock': '' }, 'resilience.js (JavaScript, CommonJS)', 'bun add keelson'],
  ])('looks at %j and %j', (manifest, files, wrote, installs) => {
    const { status, stdout } = run([service(manifest, files as Record<string, string>)]);
    expect(status).toBe(0);
    expect(stdout).toMatch(wrote);
    if (installs === undefined) expect(stdout).not.toContain('keelson\n');
    else expect(stdout).toContain(`\n  ${installs}\n`);
  });

  it('writes over nothing, and ends with 1', () => {
    const path = service({}, { 'resilience.js': 'mine' });
    expect(run([path])).toMatchObject({ status: 1, stdout: '' });
    expect(run([path]).stderr).toBe(
      `keelson init: ${path}/resilience.js is there already: name another by --file\n`,
    );
    expect(readFileSync(`${path}/resilience.js`, 'utf8')).toBe('mine');
    expect(run([path, '--file', 'lib/calls.js', '--framework', 'hono'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('Wrote lib/calls.js (JavaScript, CommonJS, hono).'),
    });
  });

  it.each([
    ['{', ': Expected property name'],
    ['[]', 'package.json holds no object'],
    ['null', 'package.json holds no object'],
  ])('ends with 1 for the manifest %s', (manifest, message) => {
    const { status, stdout, stderr } = run([service(manifest)]);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain(message);
  });

  it('ends with 1 where there is no service, or no room for a file', () => {
    expect(run([join(folder, 'nowhere')])).toMatchObject({
      status: 1,
      stderr: `keelson init: there is no package.json in ${folder}/nowhere: name the folder of a service\n`,
    });
    const path = service({}, { lib: 'a file' });
    const { status, stderr } = run([path, '--file', 'lib/a.js']);
    expect([status, stderr]).toEqual([1, expect.stringContaining('lib/a.js cannot be written: ')]);
  });

  it.each([
    [['--framework', 'koa'], '--framework must be one of nestjs, fastify, hono, express, none, got koa'],
    [['a', 'b'], 'one folder at most can be named'],
    [['--check'], '--check is not for init'],
  ])('ends with 2 for %j', (words, message) => {
    const { status, stderr } = run(words);
    expect([status, stderr.split('\n')[0]]).toEqual([2, `keelson: ${message}`]);
  });
});

describe.each(['module', 'commonjs'])('a starting file in a package of type %s', type => {
  it('compiles in every framework, as strictly as can be', () => {
    const path = service(
      { type },
      {
        'tsconfig.json': JSON.stringify({
          compilerOptions: {
            ...{ module: 'nodenext', target: 'es2022', noEmit: true, types: ['node'], skipLibCheck: true },
            ...{ strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true },
            ...{
              noPropertyAccessFromIndexSignature: true,
              noImplicitOverride: true,
              noImplicitReturns: true,
            },
            ...{ noUnusedLocals: true, noUnusedParameters: true },
          },
        }),
      },
    );
    for (const each of known) {
      expect(run([path, '--framework', each, '--file', `${each}.ts`])).toMatchObject({ status: 0 });
    }
    const { status, stdout } = spawnSync(`${root}/node_modules/.bin/tsc`, ['-p', path], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, '']);
  });

  it.each(known)('answers for what happens to calls: %s', framework => {
    const path = service({ type }, { 'app.mjs': apps[framework] });
    expect(run([path, '--framework', framework])).toMatchObject({ status: 0 });
    const { status, stdout, stderr } = spawnSync(process.execPath, ['app.mjs'], {
      ...{ cwd: path, encoding: 'utf8', timeout: 60_000 },
      // Express says nothing of errors in tests.
      env: { ...process.env, NODE_ENV: 'production', TYPE: type },
    });
    expect([status, stderr]).toEqual([0, expect.stringContaining('a mistake')]);
    const refused = [503, expect.stringMatching(/^\d+$/), 'a service that is needed does not answer'];
    const away = [502, '1', 'a service that is needed does not answer'];
    // What the file tells of requests that are repeated comes before.
    const told = stdout.trimEnd().split('\n').at(-1)!;
    expect(JSON.parse(told)).toEqual([[200, null, 7], away, away, refused, [500, null, expect.anything()]]);
  });
});
