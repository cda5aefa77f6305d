import type { GatewayEvents } from '../../gateway/gateway-events.js';
import type { IncomingCall } from '../../gateway/gateway-request.js';
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
