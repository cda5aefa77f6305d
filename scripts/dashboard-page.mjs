// The page of the dashboard as one text: script and style inside, allowed by their hashes and nothing else.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';

// Not `import.meta.dirname`: a bundled config has that of another file.
const folder = fileURLToPath(new URL('../src/observe/dashboard/page', import.meta.url));
const uplot = dirname(createRequire(import.meta.url).resolve('uplot/package.json'));
const read = path => readFileSync(path, 'utf8').trim();
const hash = text => createHash('sha256').update(text).digest('base64');

async function script() {
  const { outputFiles } = await build({
    // A module that acts when it is loaded would be one that tests cannot load.
    stdin: { contents: "import { start } from './main.js'; void start();", resolveDir: folder },
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
  });
  // Inside of a page this would end the script, whatever it stands in.
  return outputFiles[0].text.trim().replaceAll('</script', '<\\/script');
}

/** In this order: what is narrow is said last. */
const sheets = ['tokens', 'forms', 'cards', 'tables', 'drawings', 'layout'];

async function style() {
  const own = sheets.map(name => read(join(folder, `${name}.css`)));
  const text = [read(join(uplot, 'dist/uPlot.min.css')), ...own].join('\n');
  return (await transform(text, { loader: 'css', minify: true, charset: 'utf8' })).code.trim();
}

/** The page, the policy that it is sent with, and its ETag. */
export async function dashboardPage() {
  const [code, rules] = await Promise.all([script(), style()]);
  const html = `<!doctype html>
<!-- Charts are drawn by uPlot, which is under this licence:

${read(join(uplot, 'LICENSE')).replaceAll('--', '- -')}
-->
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Dashboard</title>
<link rel="icon" href="data:,">
<style>${rules}</style>
</head>
<body>
<noscript>The dashboard needs JavaScript.</noscript>
<script>${code}</script>
</body>
</html>
`;
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${hash(code)}'`,
    `style-src 'sha256-${hash(rules)}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
  return { html, policy, etag: `"${hash(html).slice(0, 24)}"` };
}

/** For the `define` of a bundler: where `page-html.ts` names the page, it stands. */
export async function dashboardDefine() {
  const { html, policy, etag } = await dashboardPage();
  return {
    KEELSON_DASHBOARD_HTML: JSON.stringify(html),
    KEELSON_DASHBOARD_POLICY: JSON.stringify(policy),
    KEELSON_DASHBOARD_ETAG: JSON.stringify(etag),
  };
}
