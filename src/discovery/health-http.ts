import { checkKeys, given, refuse } from '../kernel/options.js';
import type { CheckedInstance, HealthCheck } from './health-options.js';

/** How an instance is asked over HTTP. */
export interface HttpCheckOptions<I extends CheckedInstance = CheckedInstance> {
  /** What is asked for, from `/` on. @default '/health' */
  readonly path?: string;
  /** How it is asked for. @default 'GET' */
  readonly method?: 'GET' | 'HEAD';
  /** Sent along. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /** Which answers are good; it may read the body. @default those with a status from 200 to 299 */
  readonly expect?: (response: Response, instance: I) => boolean | PromiseLike<boolean>;
  /** The origin of an instance: it may have another port for this. @default its `address` */
  readonly url?: (instance: I) => string;
  /** What it is asked with. @default the global `fetch` */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

const owner = 'httpCheck';

function originOf({ id, address }: CheckedInstance): string {
  if (typeof address !== 'string') throw new TypeError(`${owner}: \`${id}\` has no address: give \`url\``);
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `http://${address}`;
}

/**
 * Asks an instance over HTTP. It passes with a status from 200 to 299; a redirection is not followed, and
 * fails. The body is not read.
 *
 * @throws TypeError that names the option, the rule and the value.
 */
export function httpCheck<I extends CheckedInstance = CheckedInstance>(
  options: HttpCheckOptions<I> = {},
): HealthCheck<I> {
  checkKeys(owner, options, ['path', 'method', 'headers', 'expect', 'url', 'fetch']);
  const { path = '/health', method = 'GET', headers = {}, ...more } = given(options);
  const { expect = (answer: Response) => answer.ok, url = originOf } = more;
  const { fetch: send = (to: string, init: RequestInit) => fetch(to, init) } = more;
  // What begins with two of them would be another host.
  if (typeof path !== 'string' || !/^\/(?![/\\])/.test(path))
    refuse(owner, 'path', 'a path from `/` on', path);
  if (method !== 'GET' && method !== 'HEAD') refuse(owner, 'method', "'GET' or 'HEAD'", method);
  for (const [option, value] of Object.entries({ expect, url, fetch: send })) {
    if (typeof value !== 'function') refuse(owner, option, 'a function', value);
  }
  return async (instance, { signal }) => {
    const to = new URL(path, url(instance)).href;
    const answer = await send(to, { method, headers, signal, redirect: 'manual' });
    try {
      if (await expect(answer, instance)) return true;
      throw new Error(`${owner}: ${to} answered ${answer.status}`);
    } finally {
      // Nobody reads it, and the connection is wanted again.
      if (!answer.bodyUsed) await answer.body?.cancel().catch(() => {});
    }
  };
}
