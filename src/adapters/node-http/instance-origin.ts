import { readOrigin, type UpstreamOrigin } from '../../gateway/upstream.js';
import { UpstreamError } from '../../gateway/upstream-error.js';

interface Place {
  readonly origin: UpstreamOrigin;
  readonly basePath: string;
}

/**
 * Where an instance answers: its `url`, or its `address`.
 * @throws UpstreamError when that is no place to go.
 */
export function originOfInstance(instance: { readonly id: string }): Place {
  const { url, address } = instance as { readonly url?: unknown; readonly address?: unknown };
  const said = url ?? address;
  const text = typeof said === 'string' && !said.includes('://') ? `http://${said}` : said;
  const found = typeof text === 'string' ? readOrigin(text) : undefined;
  if (found === undefined) throw new UpstreamError('connect', `the instance ${instance.id} says no place`);
  return found;
}
