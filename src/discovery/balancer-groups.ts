import type { Chooser } from '../core/balance.js';
import { type Share, sharesByPriority, sharesByZone } from '../core/balance-shares.js';
import { hash32, mix32 } from '../core/hash.js';
import type { BalancedInstance, Host } from './balancer-host.js';
import type { BalancerPlan, SubsetOptions } from './balancer-options.js';
import type { WaySeams } from './balancer-ways.js';

/** Hosts that are chosen from together, and the part of all calls that goes to them. */
export interface BalancerGroup<I extends BalancedInstance> {
  /** What it is the same group by when the hosts change. */
  readonly name: string;
  readonly part: number;
  readonly chooser: Chooser<Host<I>>;
}

/** The hosts of one caller: those that score highest with it, so that few change when hosts come and go. */
export function subsetOf<I extends BalancedInstance>(
  hosts: readonly Host<I>[],
  subset: SubsetOptions | undefined,
): readonly Host<I>[] {
  if (subset === undefined || hosts.length <= subset.size) return hosts;
  const caller = hash32(subset.caller);
  const scored = hosts.map(host => ({ host, score: mix32(hash32(host.id) ^ caller) }));
  const chosen = scored.sort((a, b) => b.score - a.score).slice(0, subset.size);
  return chosen.map(({ host }) => host);
}

/** The shares of hosts, by priority and then by zone; of all of them alike where there are too few. */
function sharesOf<I extends BalancedInstance>(
  hosts: readonly Host<I>[],
  panicking: boolean,
  { zone, zoneMinInstances }: BalancerPlan<I>,
): readonly Share<Host<I>>[] {
  if (panicking) return [{ hosts, part: 1 }];
  return sharesByPriority(hosts).flatMap(level => {
    const zones = zone === undefined ? [level] : sharesByZone(level.hosts, zone, zoneMinInstances);
    return zones.map(share => ({
      hosts: share.hosts,
      part: zone === undefined ? share.part : share.part * level.part,
    }));
  });
}

/** The groups of the hosts; those that were there before keep their choosers, which go on as they were. */
export function groupsOf<I extends BalancedInstance>(
  hosts: readonly Host<I>[],
  panicking: boolean,
  plan: BalancerPlan<I>,
  before: readonly BalancerGroup<I>[],
  seams: WaySeams,
): readonly BalancerGroup<I>[] {
  return sharesOf(hosts, panicking, plan).map(({ hosts: members, part }) => {
    const [first] = members;
    const name = plan.zone === undefined ? `${first?.priority}` : `${first?.priority} ${first?.zone}`;
    const chooser = before.find(group => group.name === name)?.chooser ?? plan.by.make<I>(seams);
    chooser.reset(members);
    let busy = 0;
    for (const host of members) {
      host.chooser = chooser;
      busy += host.inFlight;
    }
    chooser.busy = busy;
    return { name, part, chooser };
  });
}
