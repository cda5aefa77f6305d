// What the tests of core, kernel and the rooms without a host use of vitest, for a process that has none.

/** Matchers from the packages that vitest itself takes them from. */
export function expectOf(chai, matchers) {
  chai.use(matchers.JestExtend);
  chai.use(matchers.JestChaiExpect);
  chai.use(matchers.JestAsymmetricMatchers);
  const expect = (value, message) => chai.expect(value, message);
  return Object.assign(expect, chai.expect, {
    ...globalThis[matchers.ASYMMETRIC_MATCHERS_OBJECT],
    unreachable: message => chai.assert.fail(message ?? 'expected not to be reached'),
    poll: (read, options) => polled(expect, read, options),
  });
}

/** Each matcher, asked again until it holds or the time is over. */
function polled(expect, read, { timeout = 1_000, interval = 50 } = {}) {
  const until = performance.now() + timeout;
  const ask = async (matcher, wanted) => {
    for (;;) {
      try {
        return expect(await read())[matcher](...wanted);
      } catch (error) {
        if (performance.now() >= until) throw error;
      }
      await new Promise(resolve => later(resolve, interval));
    }
  };
  return new Proxy(
    {},
    {
      get:
        (_, matcher) =>
        (...wanted) =>
          ask(matcher, wanted),
    },
  );
}

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

/** `it(name, run, timeout)` and `it(name, options, run)`: the limit is that of whoever performs it. */
const test = (name, ...rest) => {
  const run = rest.find(one => typeof one === 'function');
  const chapters = [];
  for (let one = chapter; one !== undefined; one = one.outer) chapters.unshift(one);
  chapter.tests.push({
    name: [...chapters.map(one => one.name), name].filter(Boolean).join(' '),
    run,
    chapters,
  });
};

/** Values where a title has a place for them; rows are told apart by their number anyway. */
const filled = (title, values) => title.replace(/%[a-z#]/g, () => plain(values.shift()));

function plain(value) {
  try {
    return String(value);
  } catch {
    return typeof value;
  }
}

/** Rows are spread where all of them are arrays, as vitest does it; `$name` in a title stays as it is. */
const each =
  one =>
  rows =>
  (title, ...rest) => {
    const run = rest.find(one => typeof one === 'function');
    const spread = rows.every(Array.isArray);
    rows.forEach((row, index) => {
      const values = spread ? row : [row];
      one(`${filled(title, [...values])} [${index}]`, (...context) => run(...values, ...context));
    });
  };

export const describe = Object.assign(within, { each: each(within) });
export const it = Object.assign(test, { each: each(test) });
export const beforeEach = run => chapter.before.push(run);
export const afterEach = run => chapter.after.push(run);

/** The tests that `read` declares, in its order. */
export function collect(read) {
  chapter = { name: '', outer: undefined, before: [], after: [], tests: [] };
  read();
  return chapter.tests;
}

const later = setTimeout;
const never = clearTimeout;

/** Runs one test with what stands around it, then `restore`; rejects when it fails or does not end. */
export async function performed({ run, chapters }, limitMs, restore) {
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
    restore();
  }
}
