// What the tests of core and kernel use of vitest, for a process that runs them over and over.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';

const require = createRequire(import.meta.url);
const ofVitest = createRequire(require.resolve('vitest/package.json'));
const load = name => import(pathToFileURL(ofVitest.resolve(name)).href);

const chai = await load('chai');
const matchers = await load('@vitest/expect');
const { fn, restoreAllMocks, spyOn } = await load('@vitest/spy');
chai.use(matchers.JestExtend);
chai.use(matchers.JestChaiExpect);
chai.use(matchers.JestAsymmetricMatchers);

const expect = Object.assign((value, message) => chai.expect(value, message), chai.expect, {
  ...globalThis[matchers.ASYMMETRIC_MATCHERS_OBJECT],
  unreachable: message => chai.assert.fail(message ?? 'expected not to be reached'),
});

/** The chapter that is being read; chapters are read to their end at once. */
let chapter;

const within = (name, read) => {
  const outer = chapter;
  chapter = { name, outer, before: [], after: [], tests: outer.tests };
  try {
    read();
  } finally {
    chapter = outer;
  }
};

const test = (name, run) => {
  const chapters = [];
  for (let one = chapter; one !== undefined; one = one.outer) chapters.unshift(one);
  chapter.tests.push({
    name: [...chapters.map(one => one.name), name].filter(Boolean).join(' '),
    run,
    chapters,
  });
};

/** Rows are spread where all of them are arrays, as vitest does it; `$name` in a title stays as it is. */
const each = one => rows => (title, run) => {
  const spread = rows.every(Array.isArray);
  rows.forEach((row, index) => {
    const values = spread ? row : [row];
    one(`${format(title, ...values)} [${index}]`, (...context) => run(...values, ...context));
  });
};

export const vitest = {
  expect,
  describe: Object.assign(within, { each: each(within) }),
  it: Object.assign(test, { each: each(test) }),
  beforeEach: run => chapter.before.push(run),
  afterEach: run => chapter.after.push(run),
  vi: { fn, spyOn },
};

/** The tests that `read` declares, in its order. */
export function collect(read) {
  chapter = { name: '', outer: undefined, before: [], after: [], tests: [] };
  read();
  return chapter.tests;
}

const later = setTimeout;
const never = clearTimeout;

/** Runs one test with what stands around it; rejects when it fails or does not end. */
export async function perform({ run, chapters }, limitMs) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = later(reject, limitMs, new Error(`does not end within ${limitMs} ms`));
  });
  const all = async () => {
    for (const { before } of chapters) for (const one of before) await one();
    try {
      await run({});
    } finally {
      for (const { after } of [...chapters].reverse()) for (const one of after) await one();
    }
  };
  try {
    await Promise.race([all(), late]);
  } finally {
    never(timer);
    restoreAllMocks();
  }
}
