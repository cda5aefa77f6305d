import { PatternTable } from '../../src/core/pattern-table.js';
import { retryAfterMs } from '../../src/core/retry-after.js';
import { checkPattern, matchesPattern } from '../../src/core/topic-pattern.js';
import { decodeBase64, encodeBase64 } from '../../src/messaging/base64.js';
import { cloudEventFromHttp } from '../../src/messaging/cloud-event-http.js';
import { cloudEventFromJson, cloudEventsFromJson } from '../../src/messaging/cloud-event-json.js';
import { parseTraceContext } from '../../src/messaging/trace-context.js';
import { type PipelineConfig, pipelineFrom } from '../../src/resilience/pipeline-config.js';
import { Timeout } from '../../src/resilience/timeout.js';
import { checkTimes, readersOf, refused } from './linear-time.js';

const timeout = new Timeout({ timeoutMs: 5 });
const named = (count: number, value: unknown) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`field${i}`, value]));

const { reader, readers } = readersOf();
const header = (text: string): unknown => retryAfterMs(text, 0, 60_000);
reader('a Retry-After of digits', size => '1'.repeat(size), header);
reader('a Retry-After of digits that ends otherwise', size => `${'1'.repeat(size)}x`, header);
reader('a Retry-After of blanks', size => `${' '.repeat(size)}x${' '.repeat(size)}`, header);
reader('a Retry-After that begins as a date', size => `Sun, 06 Nov ${'1'.repeat(size)} GMT`, header);
reader('a Retry-After of days', size => 'Sunday, '.repeat(size / 8), header);
reader(
  'a config of many policies',
  size => ({ pipeline: Array.from({ length: size / 64 }, () => ({ kind: 'timeout', timeoutMs: 5 })) }),
  config => refused(() => pipelineFrom(config)),
);
reader(
  'a config of many mistakes',
  size => ({ pipeline: Array.from({ length: size / 64 }, () => ({ kind: 'timeuot', timeoutMs: 'x' })) }),
  config => refused(() => pipelineFrom(config)),
);
reader(
  'a config with a long kind',
  size => ({ pipeline: [{ kind: 'retry'.repeat(size / 5) }] }),
  config => refused(() => pipelineFrom(config)),
);
reader(
  'a config with a long field',
  size => ({ pipeline: [{ kind: 'retry', ['`; known are '.repeat(size / 12)]: 1 }] }),
  config => refused(() => pipelineFrom(config)),
);
reader(
  'a config with many fields beside the pipeline',
  size => ({ pipeline: [], ...named(size / 64, 1) }),
  config => refused(() => pipelineFrom(config)),
);
reader(
  'a config with many unknown fields in a policy',
  size => ({ pipeline: [{ kind: 'timeout', timeoutMs: 5, ...named(size / 64, 1) }] }),
  config => refused(() => pipelineFrom(config)),
);
reader(
  'a config with many unknown parts of an option',
  size => ({ pipeline: [{ kind: 'retry', backoff: { kind: 'linear', ...named(size / 64, 1) } }] }),
  config => refused(() => pipelineFrom(config)),
);
reader(
  'a config of many policies for each key',
  size => ({
    pipeline: [
      {
        kind: 'keyed',
        maxKeys: 9,
        policy: Array.from({ length: size / 64 }, () => ({ kind: 'bulkhead', slots: 5 })),
      },
    ],
  }),
  config => refused(() => pipelineFrom(config)),
);
reader(
  'a config that nests',
  size => {
    const depth = size / 256;
    const [open, close] = ['{"kind":"keyed","maxKeys":1,"policy":[', ']}'];
    return JSON.parse(`{"pipeline":[${open.repeat(depth)}${close.repeat(depth)}]}`) as PipelineConfig;
  },
  config => refused(() => pipelineFrom(config)),
);
reader(
  'a config with many values in an answer',
  size => ({ pipeline: [{ kind: 'fallback', value: named(size / 64, [1, { a: null }]) }] }),
  config => refused(() => pipelineFrom(config)),
);
reader(
  'call options with many fields',
  size => named(size / 64, 1),
  options => timeout.execute(() => 1, options).catch(() => {}),
);
reader(
  'call options with a long field',
  size => ({ ['x'.repeat(size)]: 1 }),
  options => timeout.execute(() => 1, options).catch(() => {}),
);
reader('a pattern of dots', size => '.'.repeat(size), checkPattern);
reader('a pattern of one token', size => 'a'.repeat(size), checkPattern);
reader(
  'a topic of many tokens beside a pattern of wildcards',
  size => 'a.'.repeat(size / 2),
  topic => matchesPattern('*.'.repeat(topic.length / 2), topic),
);
reader(
  'a topic of many tokens in a table of wildcards',
  size => 'a.'.repeat(size / 2),
  topic => {
    const table = new PatternTable<number>(100);
    for (let i = 0; i < 32; i++) table.add(`${'*.'.repeat(i)}>`, i);
    return table.find(topic);
  },
);

const none = Number.POSITIVE_INFINITY;
const limits = { maxAttributes: none, maxAttributeChars: none, maxBodyBytes: none, maxEvents: none };
const required = { specversion: '1.0', id: '1', source: 'a', type: 'b' };
const attributes = Object.entries(required).map(([name, value]) => [`ce-${name}`, value]);
/** An attribute of an event, and the same as a header. */
const attribute = (name: string, what: string, make: (size: number) => string): void => {
  reader(
    `an event whose ${name} is ${what}`,
    size => JSON.stringify({ ...required, [name]: make(size) }),
    json => refused(() => cloudEventFromJson(json, limits)),
  );
  reader(
    `a message whose ${name} is ${what}`,
    size => Object.fromEntries([...attributes, [`ce-${name}`, make(size)]]),
    headers => refused(() => cloudEventFromHttp({ headers }, limits)),
  );
};
attribute('subject', 'long', size => 'x'.repeat(size));
attribute('subject', 'percent-encoded', size => '%E2%82%AC'.repeat(size / 9));
attribute('subject', 'percent-encoded wrongly at its end', size => `${'%41'.repeat(size / 3)}%`);
attribute('subject', 'quoted', size => `"${'\\\\'.repeat(size / 2)}"`);
attribute('subject', 'an open quote', size => `"${'\\"'.repeat(size / 2)}`);
attribute('subject', 'blanks', size => `${' '.repeat(size)}x${' '.repeat(size)}x`);
attribute('source', 'a path', size => '/a'.repeat(size / 2));
attribute('source', 'of colons', size => ':'.repeat(size));
attribute('source', 'of at signs', size => `//${'a@'.repeat(size / 2)}`);
attribute('source', 'a host that ends wrongly', size => `//${'a'.repeat(size)}]`);
attribute('source', 'a scheme that ends wrongly', size => `${'a'.repeat(size)}^`);
attribute('source', 'of fragments', size => '#'.repeat(size));
attribute('time', 'of digits', size => `2018-04-05T17:31:00.${'1'.repeat(size)}x`);
attribute('datacontenttype', 'of blanks', size => `a/b;${' '.repeat(size)}charset${' '.repeat(size)}x`);
attribute('datacontenttype', 'of semicolons', size => `text/b${' ;charset'.repeat(size / 9)}`);
attribute('datacontenttype', 'of plus signs', size => `a/${'+json'.repeat(size / 5)}x`);
attribute('ext', 'long', size => '€'.repeat(size));
reader(
  'an event of many attributes',
  size => ({ ...required, ...named(size / 64, 1) }),
  event => refused(() => cloudEventFromJson(JSON.stringify(event), limits)),
);
reader(
  'a message of many headers',
  size => Array.from({ length: size / 64 }, (_, i) => [`ce-a${i}`, ['1']] as const),
  headers => refused(() => cloudEventFromHttp({ headers }, limits)),
);
reader(
  'a batch of many events',
  size => JSON.stringify(Array(Math.floor(size / 64)).fill(required)),
  json => cloudEventsFromJson(json, limits),
);
reader(
  'data that is deep',
  size => `{"data":${'['.repeat(size / 2)}${']'.repeat(size / 2)}}`,
  json => refused(() => cloudEventFromJson(json, limits)),
);
reader(
  'bytes as base64',
  size => new Uint8Array(size),
  bytes => decodeBase64(encodeBase64(bytes)),
);
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const trace = (what: string, make: (size: number) => object): void =>
  reader(what, make, headers => parseTraceContext(headers as Record<string, unknown>));
trace('a traceparent of blanks', size => ({
  traceparent: `${' '.repeat(size)}${traceparent}${' '.repeat(size)}x`,
}));
trace('a traceparent that goes on', size => ({
  traceparent: `cc${traceparent.slice(2)}${'-'.repeat(size)} x`,
}));
trace('a tracestate of commas', size => ({ traceparent, tracestate: ' ,\t'.repeat(size / 3) }));
trace('a tracestate of blanks', size => ({ traceparent, tracestate: `a=${' '.repeat(size)}` }));
trace('a tracestate of one key', size => ({ traceparent, tracestate: 'a=1,'.repeat(size / 4) }));

checkTimes(readers);
