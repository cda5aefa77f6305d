import { type Dialect, dialectOf, type StarterStyle } from './dialect.js';
import { type Edge, edgeOf } from './starter-edge.js';

const head = `// How this service calls others, and what it answers when they fail.
// Made by \`npx keelson init\`; it is yours now.
`;

/** What a failure of a call is for those who asked. */
const answerType = `interface Answer {
  readonly status: 502 | 503 | 504;
  readonly retryAfterS: number;
}

`;

const call = ({ type, exported }: Dialect): string => `
const stockUrl = process.env['STOCK_URL'] ?? 'http://127.0.0.1:3001/';

// One of these for each service that is called, so that a sick one takes nothing of the others along.
// Inside are a limit of time for all attempts and for each, up to three attempts where a request may be
// repeated (GET, PUT, DELETE, or with an idempotency key), a budget for those, and a circuit breaker.
${exported}const stock = resilientFetch({
  name: 'stock',
  baseUrl: stockUrl,
  timeoutMs: 5_000,
  attemptTimeoutMs: 1_500,
  // So many requests at a time, so many more wait for half a second, and the others are refused at once.
  guards: [new Bulkhead({ name: 'stock', slots: 50, queue: 50, queueTimeoutMs: 500 })],
});

// It was reached, and answered that it failed.
class BadAnswer extends Error {}

// One call. Hand it a signal, and it ends when that does: when the caller has gone, for one.
${exported}async function countOf(sku${type(': string')}, signal${type(': AbortSignal | null')} = null) {
  const response = await stock(\`items/\${encodeURIComponent(sku)}\`, { signal });
  if (!response.ok) throw new BadAnswer(\`stock answered \${response.status}\`);
  const { count } = ${type('(')}await response.json()${type(') as { count: number }')};
  return count;
}

// Told to whoever reads the log: when the breaker opens and closes, and each request that is repeated.
const breaker = stock.breaker(new URL(stockUrl).origin);
breaker?.on('opened', ({ because }) => console.warn('stock: open', because));
breaker?.on('closed', () => console.info('stock: closed'));
stock.retry?.on('retried', ({ attempt, delayMs }) => console.info('stock: again', attempt, delayMs));

${type(answerType)}// A refusal is 503 with Retry-After, what took too long 504, no answer or a bad one 502.
// Any other error stays yours.
${exported}function statusOf(error${type(': unknown')})${type(': Answer | undefined')} {
  const told = ${type('(')}error ?? {}${type(') as { code?: unknown; retryAfterMs?: number }')};
  const { code, retryAfterMs = 1_000 } = told;
  if (code === 'ERR_TIMEOUT' || code === 'ERR_DEADLINE') return { status: 504, retryAfterS: 1 };
  // The breaker may have opened after a first attempt: the call was refused, and has run all the same.
  if (isRejected(error) || code === 'ERR_CIRCUIT_OPEN') {
    return { status: 503, retryAfterS: Math.ceil(retryAfterMs / 1_000) };
  }
  // What \`fetch\` throws where nobody is: a TypeError that names its cause.
  const unreached = error instanceof TypeError && error.cause !== undefined;
  return unreached || error instanceof BadAnswer ? { status: 502, retryAfterS: 1 } : undefined;
}
`;

/** The text of a starting file. */
export function starter(style: StarterStyle): string {
  const dialect = dialectOf(style);
  const edge: Edge = edgeOf(style.framework, dialect);
  const names = ['stock', 'countOf', 'statusOf', edge.name];
  const exportsOf = dialect.exported === '' ? `\nmodule.exports = { ${names.join(', ')} };\n` : '';
  const ours = dialect.imports(['Bulkhead', 'isRejected', 'resilientFetch'], 'keelson');
  return `${head}${edge.imports}${ours}${call(dialect)}${edge.text}${exportsOf}`;
}

/** The line that puts the part of the framework to use. */
export const edgeUse = (style: StarterStyle): string => edgeOf(style.framework, dialectOf(style)).use;
