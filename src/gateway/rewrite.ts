import { paramsOf, type RoutePattern, readPattern } from '../core/route-pattern.js';
import { refuse } from '../kernel/options.js';

/** Makes the path for an upstream of the one of a request. */
export type Rewrite = (path: string) => string;

/**
 * A rewrite after a template, whose names are those of the pattern: `/api/*rest` and `/v2/*rest` make
 * `/v2/a/b` of `/api/a/b`. Texts and params are in the one form of a path, so the result is as well, and
 * cannot leave what the template says.
 *
 * @throws TypeError that names the option, the rule and the value.
 */
export function planRewrite(owner: string, template: string, pattern: RoutePattern): Rewrite {
  const to = readPattern(template);
  if (typeof to === 'string') refuse(owner, 'rewrite', to, template);
  if (to.open && to.restName === undefined) refuse(owner, 'rewrite', 'with a name for its rest', template);
  const known = pattern.names.map(([name]) => name);
  const lacks = to.names.map(([name]) => name).filter(name => !known.includes(name));
  if (lacks.length > 0) refuse(owner, 'rewrite', `of names that \`path\` has, which are ${known}`, template);
  if (to.restName !== undefined && to.restName !== pattern.restName) {
    refuse(owner, 'rewrite', 'ended by the rest that `path` names', template);
  }
  const named = new Map(to.names.map(([name, place]) => [place, name]));
  return path => {
    const params = paramsOf(pattern, path);
    const parts = to.segments.map((segment, place) => segment ?? params[named.get(place)!]!);
    const rest = to.restName === undefined ? '' : params[to.restName]!;
    const made = parts.length === 0 ? rest : `/${parts.join('/')}${rest}`;
    return made === '' ? '/' : made;
  };
}
