import { defineConfig, type Options } from 'tsup';

const common: Options = {
  entry: { index: 'src/index.ts', resilience: 'src/resilience.ts', testing: 'src/testing.ts' },
  tsconfig: 'tsconfig.build.json',
  target: 'node20.19',
  platform: 'neutral',
  // Without splitting each entry would carry its own copy of every class.
  splitting: true,
  sourcemap: true,
  dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
};

export default defineConfig([
  { ...common, format: ['esm'] },
  // p-limit is ESM only; a `require` of it breaks where require(esm) is off.
  { ...common, format: ['cjs'], noExternal: ['p-limit', 'yocto-queue'] },
]);
