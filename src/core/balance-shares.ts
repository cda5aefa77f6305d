/** A part of the hosts, and the part of all calls that goes to it. */
export interface Share<H> {
  readonly hosts: readonly H[];
  /** 0, exclusive, to 1; those of all shares make 1. */
  readonly part: number;
}

/** What is to be known of a host here. */
export interface SharedHost {
  readonly weight: number;
  readonly zone: string | undefined;
  /** The lower, the sooner it is used. */
  readonly priority: number;
  /** Whether it may be chosen now. */
  readonly healthy: boolean;
}

/** A level is good for more than what is healthy in it, by this factor. */
const OVERPROVISION = 1.4;

/**
 * How much each level of priority takes, as Envoy does it: a level takes all that it can, which is 1.4 times
 * what is healthy in it; what is left goes to the next. When all together cannot take all, each takes more in
 * proportion. Only hosts that are healthy are in the answer.
 */
export function sharesByPriority<H extends SharedHost>(hosts: readonly H[]): readonly Share<H>[] {
  const all = levelsOf(hosts).map(members => {
    const healthy = members.every(host => host.healthy) ? members : members.filter(host => host.healthy);
    return { healthy, health: Math.min(1, (OVERPROVISION * healthy.length) / members.length) };
  });
  const total = all.reduce((sum, { health }) => sum + health, 0);
  let left = 1;
  return all.flatMap(({ healthy, health }) => {
    const part = Math.min(left, health / Math.min(1, total));
    left -= part;
    return part > 0 ? [{ hosts: healthy, part }] : [];
  });
}

/** The hosts of each level, the first level first. */
function levelsOf<H extends SharedHost>(hosts: readonly H[]): readonly (readonly H[])[] {
  const first = hosts[0]?.priority;
  // Mostly there is one level, and many hosts.
  if (hosts.every(({ priority }) => priority === first)) return hosts.length === 0 ? [] : [hosts];
  const levels = new Map<number, H[]>();
  for (const host of hosts) {
    const members = levels.get(host.priority);
    if (members === undefined) levels.set(host.priority, [host]);
    else members.push(host);
  }
  return [...levels.entries()].sort(([a], [b]) => a - b).map(([, members]) => members);
}

/**
 * How much stays in the zone `local`, as Envoy does it, on the ground that each zone asks for as much as any
 * other: all, if the zone has at least its share of the hosts; else what they can take, and the rest goes to
 * the zones that have more than their share, in proportion to that. Below `least` hosts all are one.
 */
export function sharesByZone<H extends SharedHost>(
  hosts: readonly H[],
  local: string,
  least: number,
): readonly Share<H>[] {
  const zones = new Map<string | undefined, H[]>();
  for (const host of hosts) {
    const members = zones.get(host.zone);
    if (members === undefined) zones.set(host.zone, [host]);
    else members.push(host);
  }
  const mine = zones.get(local);
  if (mine === undefined || hosts.length < least) return [{ hosts, part: 1 }];
  const fair = weightOf(hosts) / zones.size;
  const stays = weightOf(mine) / fair;
  if (stays >= 1) return [{ hosts: mine, part: 1 }];
  const all = [...zones.values()].map(members => ({ members, more: Math.max(0, weightOf(members) - fair) }));
  const room = all.reduce((sum, { more }) => sum + more, 0);
  const spilled = all
    .filter(({ more }) => more > 0)
    .map(({ members, more }) => ({ hosts: members, part: ((1 - stays) * more) / room }));
  return [{ hosts: mine, part: stays }, ...spilled];
}

const weightOf = (hosts: readonly SharedHost[]): number => hosts.reduce((sum, { weight }) => sum + weight, 0);
