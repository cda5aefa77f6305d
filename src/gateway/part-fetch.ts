import type { Context } from '../kernel/context.js';
import type { ForwardRules } from './forward-fields.js';
import type { UpstreamPlan, UpstreamProxy } from './upstream.js';
import { UpstreamError, UpstreamStatusError } from './upstream-error.js';

/** What is about a body or an answer that the client has, and what `fetch` says by itself. */
const LEFT_OUT = /* @__PURE__ */ new Set([
  ...['accept', 'accept-encoding', 'range', 'if-match', 'if-none-match', 'if-modified-since', 'if-range'],
  ...['if-unmodified-since', 'content-type', 'content-encoding', 'content-length', 'content-digest'],
  ...['content-range', 'content-language', 'te', 'connection', 'host', 'origin'],
]);

/** Asks an upstream for JSON. */
export type PartFetch = (context: Context, target: string, fields: readonly string[]) => Promise<unknown>;

/** Asks an origin, or an instance of a service; more than `maxBytes` is no answer. */
export function partFetch(
  upstream: Extract<UpstreamPlan, { readonly kind: 'origin' | 'service' }>,
  maxBytes: number,
  rules: ForwardRules,
): PartFetch {
  return (context, target, fields) => {
    const headers = headersOf(fields, context, rules);
    const path = upstream.basePath + target;
    if (upstream.kind === 'service') return viaService(upstream.proxy, path, headers, context, maxBytes);
    const { scheme, authority } = upstream.origin;
    return read(`${scheme}://${authority}${path}`, headers, context, maxBytes);
  };
}

function viaService(
  proxy: UpstreamProxy,
  path: string,
  headers: Headers,
  context: Context,
  maxBytes: number,
): Promise<unknown> {
  return proxy.call((inner, instance) => {
    const { url, address } = instance as { readonly url?: unknown; readonly address?: unknown };
    const said = String(url ?? address);
    const origin = (said.includes('://') ? said : `http://${said}`).replace(/\/+$/, '');
    return read(origin + path, headers, inner, maxBytes);
  }, context);
}

function headersOf(fields: readonly string[], context: Context, rules: ForwardRules): Headers {
  const headers = new Headers({ accept: 'application/json' });
  for (let at = 0; at < fields.length; at += 2) {
    if (!LEFT_OUT.has(fields[at]!.toLowerCase())) headers.append(fields[at]!, fields[at + 1]!);
  }
  const { deadlineField } = rules;
  if (deadlineField !== undefined && context.deadline < Infinity) {
    headers.set(deadlineField, String(Math.floor(context.remainingMs())));
  }
  return headers;
}

async function read(url: string, headers: Headers, context: Context, maxBytes: number): Promise<unknown> {
  const { signal } = context;
  const response = await fetch(url, { headers, signal, redirect: 'manual' }).catch((error: unknown) => {
    if (signal.aborted) throw error;
    throw new UpstreamError('connect', 'the upstream could not be asked', { cause: error });
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new UpstreamStatusError(response.status, undefined);
  }
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new UpstreamError('protocol', `the answer has more than ${maxBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  try {
    return JSON.parse(text + decoder.decode()) as unknown;
  } catch (cause) {
    throw new UpstreamError('protocol', 'the answer is no JSON', { cause });
  }
}
