import type { GatewayEvents } from '../../gateway/gateway-events.js';
import type { IncomingCall } from '../../gateway/gateway-request.js';
import type { OnUserFailure } from '../../gateway/user-failure.js';
import type { GatewayCore } from './gateway-core.js';

type Completed = GatewayEvents['completed'];

/** What only the exchange itself knows. */
export interface Ending
  extends Omit<
    Completed,
    'gateway' | 'at' | 'id' | 'route' | 'subject' | 'side' | 'cache' | 'trace' | 'tookMs'
  > {
  /** On the clock, in ms. */
  readonly startedAt: number;
}

/** Tells that a request is over. */
export function tellCompleted(
  { events, front }: GatewayCore,
  call: IncomingCall | undefined,
  ending: Ending,
): void {
  if (events?.has('completed') !== true) return;
  const { clock, name: gateway } = front.plan;
  const { startedAt, ...rest } = ending;
  events.emit('completed', {
    ...{ gateway, at: clock.wall(), id: call?.id ?? '', route: call?.route ?? '' },
    ...{
      subject: call?.identity?.subject,
      side: call?.side,
      cache: call?.cache,
      trace: call?.trace,
      tookMs: clock.now() - startedAt,
    },
    ...rest,
  });
}

/** Tells that an upstream could not be asked, or broke off. */
export function tellFailed(
  { events, front }: GatewayCore,
  call: IncomingCall | undefined,
  upstream: string,
  error: unknown,
): void {
  if (events?.has('upstreamFailed') !== true) return;
  const { id = '', route = '' } = call ?? {};
  const { name: gateway, clock } = front.plan;
  events.emit('upstreamFailed', { gateway, at: clock.wall(), id, route, upstream, error });
}

/** Tells that there are new routes. */
export function tellReplaced({ events, front }: GatewayCore, routes: number): void {
  if (events?.has('replaced') !== true) return;
  const { name: gateway, clock } = front.plan;
  events.emit('replaced', { gateway, at: clock.wall(), routes });
}

/** So many kinds of failures are known to have been written to the console. */
const MOST_TOLD = 1_000;

/** Tells of what code of the user's throws; where nobody listens, the console hears of each kind once. */
export function failureTeller(core: GatewayCore): OnUserFailure {
  const told = new Set<string>();
  return ({ kind, name, part }, { id, route }, error) => {
    const { events, front } = core;
    const event = `${kind}Failed` as const;
    if (events?.has(event) === true) {
      const { name: gateway, clock } = front.plan;
      const always = { gateway, at: clock.wall(), id, route, error };
      if (kind === 'authenticator') events.emit('authenticatorFailed', { ...always, authenticator: name });
      else if (kind === 'split') events.emit('splitFailed', always);
      else if (kind === 'function') events.emit('functionFailed', always);
      else events.emit('limitFailed', { ...always, limit: name, part: part === 'by' ? 'by' : 'store' });
      return;
    }
    const whole = part === 'authenticate' || part === 'answer';
    const what = `${whole ? '' : `\`${part}\` of `}the ${kind} ${kind === 'function' ? 'of ' : ''}${name}`;
    if (told.has(what)) return;
    // Routes that are replaced may bring ever new names.
    if (told.size >= MOST_TOLD) told.clear();
    told.add(what);
    console.error(`keelson: ${what} failed`, error);
  };
}
