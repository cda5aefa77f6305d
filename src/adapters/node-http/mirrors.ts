import type { IncomingMessage } from 'node:http';
import type { ForwardContext } from '../../gateway/forward-context.js';
import type { GatewayEvents } from '../../gateway/gateway-events.js';
import type { IncomingCall } from '../../gateway/gateway-request.js';
import { isMirrored, type MirrorPlan } from '../../gateway/mirror.js';
import type { RoutePlan } from '../../gateway/route-plan.js';
import { AbandonedError, TimeoutError } from '../../kernel/errors.js';
import { Forwarding, type ForwardingEvents, isUpgraded } from './forwarding.js';
import type { GatewayCore } from './gateway-core.js';
import { UpstreamReply } from './upstream-reply.js';

/** What became of the copies of a gateway. */
export interface MirrorSnapshot {
  /** Copies that are under way, or wait for their body. */
  readonly inFlight: number;
  /** Copies that were answered, with whatever status. */
  readonly answered: number;
  /** Copies that were not answered. */
  readonly failed: number;
  /** Copies that were not made: too many at a time, or a body that was too large or had no end. */
  readonly dropped: number;
}

type DropReason = GatewayEvents['mirrorDropped']['reason'];

const quiet: ForwardingEvents = /* @__PURE__ */ Object.freeze({
  reading() {},
  information() {},
  failed() {},
});

/** A copy of one request. Whatever becomes of it, the request itself does not feel it. */
export class MirrorCopy {
  readonly #mirrors: Mirrors;
  readonly #call: IncomingCall;
  readonly #plan: RoutePlan & { readonly mirror: MirrorPlan };
  readonly #request: IncomingMessage;
  readonly #body: Uint8Array | undefined;
  #begun = false;
  #dropBody: (() => void) | undefined;

  constructor(
    mirrors: Mirrors,
    call: IncomingCall,
    plan: MirrorCopy['plan'],
    request: IncomingMessage,
    body: Uint8Array | undefined,
  ) {
    this.#mirrors = mirrors;
    this.#call = call;
    this.#plan = plan;
    this.#request = request;
    this.#body = body;
  }

  get call(): IncomingCall {
    return this.#call;
  }

  get plan(): RoutePlan & { readonly mirror: MirrorPlan } {
    return this.#plan;
  }

  /** The request itself is on its way. */
  sent(): void {
    // One with a body is copied as that is read. The request itself goes first.
    if (this.#begun || (this.#call.hasBody && this.#body === undefined)) return;
    this.#begun = true;
    if (this.#mirrors.claim(this)) setImmediate(() => this.#send(this.#body));
  }

  /** The body of the request is about to be read. */
  reading(): void {
    if (this.#begun || !this.#mirrors.claim(this)) return;
    this.#begun = true;
    const request = this.#request;
    const chunks: Uint8Array[] = [];
    let left = this.#plan.mirror.maxBodyBytes;
    const settle = (reason: DropReason | undefined): void => {
      this.#dropBody = undefined;
      request.off('data', take).off('end', onEnd);
      if (reason === undefined) this.#send(Buffer.concat(chunks));
      else this.#mirrors.drop(this, reason, true);
    };
    const take = (chunk: Uint8Array): void => {
      left -= chunk.byteLength;
      if (left < 0) settle('body');
      else chunks.push(chunk);
    };
    const onEnd = (): void => settle(undefined);
    this.#dropBody = () => settle('gone');
    request.on('data', take).once('end', onEnd);
  }

  /** The request is over: what has not come of its body by now never will. */
  ended(): void {
    this.#dropBody?.();
  }

  #send(body: Uint8Array | undefined): void {
    this.#mirrors.send(this, this.#request, body);
  }
}

/** The copies of requests of one gateway: how many there are, and what becomes of them. */
export class Mirrors {
  readonly #core: () => GatewayCore;
  readonly #counts = { inFlight: 0, answered: 0, failed: 0, dropped: 0 };
  readonly #byRoute = new WeakMap<MirrorPlan, number>();
  readonly #contexts = new Set<ForwardContext>();
  #closed = false;

  constructor(core: () => GatewayCore) {
    this.#core = core;
  }

  snapshot(): MirrorSnapshot {
    return { ...this.#counts };
  }

  /** A copy of a request, if there is to be one. */
  copyOf(
    call: IncomingCall,
    plan: RoutePlan,
    request: IncomingMessage,
    body: Uint8Array | undefined,
  ): MirrorCopy | undefined {
    const { mirror } = plan;
    if (mirror === undefined || !isMirrored(mirror, call, this.#core().front.plan.random)) return undefined;
    const copy = new MirrorCopy(this, call, plan as MirrorCopy['plan'], request, body);
    if ((body?.byteLength ?? call.facts.length ?? 0) <= mirror.maxBodyBytes) return copy;
    this.#tellDropped(call, 'body');
    return undefined;
  }

  /** Takes a place for a copy; `false` where there is none. */
  claim(copy: MirrorCopy): boolean {
    const { mirror } = copy.plan;
    const inFlight = this.#byRoute.get(mirror) ?? 0;
    if (this.#closed || inFlight >= mirror.maxInFlight) {
      this.drop(copy, 'inFlight', false);
      return false;
    }
    this.#byRoute.set(mirror, inFlight + 1);
    this.#counts.inFlight++;
    return true;
  }

  drop(copy: MirrorCopy, reason: DropReason, claimed: boolean): void {
    if (claimed) this.#release(copy.plan.mirror);
    this.#tellDropped(copy.call, reason);
  }

  /** Sends a copy that has its place. */
  send(copy: MirrorCopy, request: IncomingMessage, body: Uint8Array | undefined): void {
    const { call } = copy;
    const { mirror } = copy.plan;
    const core = this.#core();
    const { clock, rules } = core.front.plan;
    const startedAt = clock.now();
    const deadline = startedAt + mirror.timeoutMs;
    const requestHeaders = [...copy.plan.requestHeaders, [rules.mirrorField, '1'] as const];
    const plan = { ...copy.plan, policy: undefined, requestHeaders };
    const facts = { call, plan, deadline, body };
    const forwarding = new Forwarding(core.front.plan, core.engine, facts, request, false, quiet);
    const { context } = forwarding;
    this.#contexts.add(context);
    const due = core.due.add(() => {
      context.revoke(new TimeoutError(`no answer for ${mirror.timeoutMs} ms`, mirror.timeoutMs));
    }, deadline);
    const end = (status: number, error: unknown): void => {
      core.due.remove(due);
      this.#contexts.delete(context);
      this.#release(mirror);
      this.#counts[status === 0 ? 'failed' : 'answered']++;
      if (core.events?.has('mirrored') !== true) return;
      const { name: gateway } = core.front.plan;
      const { upstream } = forwarding;
      const tookMs = clock.now() - startedAt;
      const { id, route } = call;
      core.events.emit('mirrored', {
        ...{ gateway, at: clock.wall(), id, route, upstream, status, tookMs, error },
      });
    };
    if (this.#closed) context.revoke(new AbandonedError('the gateway is closed'));
    forwarding.run(mirror.upstream).then(
      reply => {
        if (reply instanceof UpstreamReply) reply[Symbol.dispose]();
        if (isUpgraded(reply)) reply.socket.destroy();
        end(reply instanceof UpstreamReply ? reply.status : 0, undefined);
      },
      error => end(0, error),
    );
  }

  /** Gives up on all that are under way. */
  close(): void {
    this.#closed = true;
    for (const context of this.#contexts) context.revoke(new AbandonedError('the gateway is closed'));
  }

  #release(mirror: MirrorPlan): void {
    this.#counts.inFlight--;
    this.#byRoute.set(mirror, this.#byRoute.get(mirror)! - 1);
  }

  #tellDropped({ id, route }: IncomingCall, reason: DropReason): void {
    this.#counts.dropped++;
    const { events, front } = this.#core();
    if (events?.has('mirrorDropped') !== true) return;
    const { name: gateway, clock } = front.plan;
    events.emit('mirrorDropped', { gateway, at: clock.wall(), id, route, reason });
  }
}
