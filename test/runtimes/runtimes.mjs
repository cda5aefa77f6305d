const modules = new URL('node_modules/', import.meta.url);

/**
 * Where the suite runs. `path` is the program below `node_modules`, `args` what comes before the name of the
 * suite. `oneClass`: whether `require` finds the classes that `import` finds. `unavailable` says why a
 * runtime may be missing even where nothing may be skipped.
 */
export const runtimes = [
  { name: 'Node 20', path: undefined, args: [], oneClass: true, only: /^v20\./ },
  { name: 'Node 22', path: 'n22/bin/node', args: [], oneClass: true },
  { name: 'Node 24', path: 'n24/bin/node', args: [], oneClass: true },
  { name: 'Node 26', path: 'n26/bin/node', args: [], oneClass: true },
  // Without the option it fetches by itself what it does not find.
  { name: 'Bun', path: '@oven/bun-linux-x64/bin/bun', args: ['--no-install'], oneClass: false },
  {
    name: 'Deno',
    path: '@deno/linux-x64-glibc/deno',
    args: ['run', '--allow-all', '--node-modules-dir=manual', '--no-remote', '--no-config'],
    oneClass: true,
  },
  { name: 'workerd', path: '@cloudflare/workerd-linux-64/bin/workerd', args: ['test'], bundled: true },
];

/** The program of a runtime; the Node that runs this is one of them. */
export const programOf = ({ path }) =>
  path === undefined ? process.execPath : decodeURIComponent(new URL(path, modules).pathname);
