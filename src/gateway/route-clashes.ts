import { hiddenPair, sharedMethods, tiedPair } from '../core/route-table.js';
import type { RoutePlan } from './route-plan.js';

/** Two routes of one name: what is counted and kept for one would be that of the other. */
export function namesakes(plans: readonly RoutePlan[]): readonly [RoutePlan, RoutePlan] | undefined {
  const byName = new Map<string, RoutePlan>();
  for (const plan of plans) {
    const before = byName.get(plan.name);
    if (before !== undefined) return [before, plan];
    byName.set(plan.name, plan);
  }
  return undefined;
}

/** What is wrong with the names of routes; `undefined` where nothing is. */
export function namesakeWords(plans: readonly RoutePlan[]): string | undefined {
  const found = namesakes(plans);
  if (found === undefined) return undefined;
  const [one, two] = found;
  const both = `the routes "${one.pattern.text}" and "${two.pattern.text}" are both called "${one.name}"`;
  return `${both}: names must be their own`;
}

/** What is wrong with routes in the order of precedence; `undefined` where each takes what no other does. */
export function clashWords(sorted: readonly RoutePlan[]): string | undefined {
  const hidden = hiddenPair(sorted);
  if (hidden !== undefined) {
    const [first, second] = hidden;
    const [of, at] = hidden.map(route => sorted.indexOf(route) + 1);
    const nothing = `the route "${second.name}" takes nothing that "${first.name}" leaves`;
    return `${nothing}: it is number ${at} in the order of precedence, behind number ${of}`;
  }
  const tied = tiedPair(sorted);
  if (tied === undefined) return undefined;
  const both = `the routes "${tied[0].name}" and "${tied[1].name}" both take ${sharedMethods(...tied)[0]}`;
  return `${both}, and none goes first: leave it to one of them`;
}
