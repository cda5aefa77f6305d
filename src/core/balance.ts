/**
 * What all ways of choosing among hosts have in common. A way is told of the hosts when they change, and then
 * chooses as often as it is asked; what it goes by at a choice is in the hosts themselves.
 */

/** A host, as a way of choosing sees it. */
export interface BalancedHost {
  /** Who it is, for ways that go by a hash. */
  readonly id: string;
  /** A small number that is its own among all hosts, for as long as it is there: tables go by it. */
  readonly slot: number;
  /** How much it takes of what others take; > 0. */
  readonly weight: number;
  /** What it is doing now. */
  readonly inFlight: number;
}

/** A way of choosing. */
export interface Chooser<H extends BalancedHost = BalancedHost> {
  /** What its hosts are doing now, all together; kept by whoever hands out their calls. */
  busy: number;
  /** Goes by these hosts from now on. */
  reset(hosts: readonly H[]): void;
  /**
   * One of the hosts that are not barred, or `undefined` when there is none. `hash` stands for the key of the
   * call, in 32 bits; where it has none it is drawn by chance, and negative.
   */
  choose(hash: number, barred: ((host: H) => boolean) | undefined): H | undefined;
}

/** How often a way tries again that has chosen a host that is barred, before it looks at all of them. */
const TRIES = 4;

/**
 * The host that `draw` gives, or another one when that is barred. After a few tries all hosts are looked at,
 * from a place that `draw` has a say in, so the work is bounded and a host that may be chosen is found.
 */
export function drawAllowed<H>(
  hosts: readonly H[],
  barred: (host: H) => boolean,
  draw: () => H,
): H | undefined {
  if (hosts.length === 0) return undefined;
  let host = draw();
  if (!barred(host)) return host;
  for (let tries = 1; tries < TRIES; tries++) {
    host = draw();
    if (!barred(host)) return host;
  }
  const start = hosts.indexOf(host);
  for (let step = 1; step < hosts.length; step++) {
    const next = hosts[(start + step) % hosts.length]!;
    if (!barred(next)) return next;
  }
  return undefined;
}
