import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { BodyPlan } from '../../gateway/body-rules.js';
import { failureAnswer } from '../../gateway/failure-answer.js';
import { budgetMsOf } from '../../gateway/forward-context.js';
import type { RequestOutcome } from '../../gateway/gateway-events.js';
import type { Decision } from '../../gateway/gateway-front.js';
import type { IncomingCall } from '../../gateway/gateway-request.js';
import { type GatewayAnswer, problem } from '../../gateway/problem.js';
import type { RoutePlan } from '../../gateway/route-plan.js';
import { BodyTooLargeError } from '../../gateway/upstream-error.js';
import { AbandonedError, TimeoutError } from '../../kernel/errors.js';
import { checkedBody } from './checked-body.js';
import { Forwarding, isUpgraded, type Upgraded } from './forwarding.js';
import type { GatewayShell, OpenExchange } from './gateway-shell.js';
import { tellCompleted, tellFailed } from './gateway-tell.js';
import type { MirrorCopy } from './mirrors.js';
import { ownReply } from './own-reply.js';
import { runOwn } from './own-upstream.js';
import { isRead } from './request-body.js';
import { headOf } from './request-head.js';
import { cutAnswer, ResponseWriter } from './response-writer.js';
import { Sending } from './sending.js';
import { Tunnel, type UpgradeAsked } from './tunnel.js';
import { UpstreamReply } from './upstream-reply.js';

type Passed = Extract<Decision, { readonly kind: 'pass' }>;

/** One request, from its head to the end of its answer: exactly one answer, or a connection that is cut. */
export class Exchange implements OpenExchange {
  readonly socket: Socket;
  readonly sending: Sending;
  /** What can give up the request on its way to an upstream. */
  #giveUp: ((reason: unknown) => void) | undefined;
  readonly #shell: GatewayShell;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #writer: ResponseWriter;
  readonly #upgrade: UpgradeAsked | undefined;
  readonly #startedAt: number;
  #call: IncomingCall | undefined;
  #forwarding: Forwarding | undefined;
  #copy: MirrorCopy | undefined;
  #status = 0;
  #outcome: RequestOutcome = 'answered';
  #over = false;
  /** Whether what was asked of an upstream has come to something. */
  #settled = false;
  #due: ReturnType<GatewayShell['due']['add']> | undefined;

  constructor(
    shell: GatewayShell,
    request: IncomingMessage,
    response: ServerResponse,
    upgrade?: UpgradeAsked,
  ) {
    this.#shell = shell;
    this.#request = request;
    this.#response = response;
    this.#upgrade = upgrade;
    this.socket = request.socket;
    this.sending = new Sending(request, response);
    this.#startedAt = shell.front.plan.clock.now();
    const isClosing = (): boolean => shell.closing || upgrade !== undefined || !isRead(request);
    this.#writer = new ResponseWriter(request, response, isClosing);
    response.once('close', () => this.closed());
    response.on('error', () => {});
    request.on('error', () => {});
  }

  start(): void {
    const { front } = this.#shell;
    if (this.#shell.inFlight > front.plan.maxInFlight) {
      this.#answer(problem(503, 'too much is asked at a time', { retryAfterMs: 1_000 }));
      return;
    }
    try {
      const decision = front.decide(headOf(this.#request));
      if (!(decision instanceof Promise)) this.#act(decision);
      else decision.then(decided => this.#act(decided)).catch(error => this.#broken(error));
    } catch (error) {
      this.#broken(error);
    }
  }

  /** What has come of the request is no HTTP any more. */
  refuse(answer: GatewayAnswer): void {
    this.#giveUp?.(new AbandonedError('the request broke off'));
    this.#answer(answer);
  }

  cut(): void {
    if (this.#request.httpVersion === '2') cutAnswer(this.#response, this.socket);
    else this.socket.destroy();
  }

  /** A mistake of ours, or in a function of the user's: it costs this request, and no other. */
  #broken(error: unknown): void {
    console.error('keelson: a gateway could not answer a request', error);
    this.#answer(problem(500, 'the request could not be answered'));
  }

  #act(decision: Decision): void {
    this.#call = decision.call;
    if (this.#over) return;
    if (decision.kind === 'answer') {
      this.#answer(decision.answer);
      return;
    }
    const { plan, call } = decision;
    const { end } = plan;
    if (this.#upgrade !== undefined && (!plan.upgrade || end.kind !== 'upstream')) {
      this.#answer(problem(400, 'the route lets no other protocol through'));
    } else if (end.kind === 'reply') {
      this.#own(end.reply);
    } else if (end.kind === 'redirect') {
      const location = typeof end.to === 'string' ? end.to : end.to(call.path) + call.query;
      this.#answer({ status: end.status, fields: ['Location', location] });
    } else if (plan.body !== undefined && this.#upgrade === undefined) {
      this.#check(decision, plan.body).catch(error => this.#broken(error));
    } else {
      this.#forward(decision);
    }
  }

  /** A body that has to be something is read before anybody is asked. */
  async #check(passed: Passed, rules: BodyPlan): Promise<void> {
    const found = await checkedBody(this.#request, passed.call, rules, () => this.reading());
    if (this.#over) return;
    if ('refused' in found) this.#answer(found.refused);
    else this.#forward(passed, found.bytes);
  }

  #forward({ call, plan }: Passed, body?: Uint8Array): void {
    const { end } = plan;
    if (end.kind !== 'upstream') return;
    const { clock, rules } = this.#shell.front.plan;
    const budgetMs = budgetMsOf(call, plan.timeoutMs, rules);
    const deadline = budgetMs === Infinity ? Infinity : clock.now() + budgetMs;
    const { front, engine } = this.#shell;
    const upgrades = this.#upgrade !== undefined;
    const what = { call, plan, deadline, body };
    const forwarding = new Forwarding(front.plan, engine, what, this.#request, upgrades, this);
    const { context } = forwarding;
    this.#forwarding = forwarding;
    this.#giveUp = reason => context.revoke(reason);
    if (this.#upgrade === undefined) this.#copy = this.#shell.mirrors.copyOf(call, plan, this.#request, body);
    if (this.#copy !== undefined) context.onSent = () => this.#copy?.sent();
    if (budgetMs < Infinity) {
      this.#due = this.#shell.due.add(() => {
        const error = new TimeoutError(`no answer for ${Math.round(budgetMs)} ms`, budgetMs);
        context.revoke(error);
        // A cache may know better.
        if (plan.cache === undefined || this.#upgrade !== undefined) this.#failed(error, plan);
      }, deadline);
    }
    const upstream = end.upstream;
    const ask = (inner: RoutePlan): Promise<unknown> =>
      upstream.kind === 'origin' || upstream.kind === 'service'
        ? forwarding.run(upstream, inner)
        : runOwn(upstream, inner, call, context, this.#request, () => this.reading(), body);
    const asked = { call, plan, context, request: this.#request };
    const run = this.#upgrade === undefined ? this.#shell.cache.answer(asked, ask) : ask(plan);
    run
      .then(
        value => this.#settle(value, call, plan),
        error => this.#failed(error, plan),
      )
      .catch(error => this.#broken(error));
  }

  #settle(value: unknown, call: IncomingCall, plan: RoutePlan): void {
    this.#settled = true;
    this.#stopTimer();
    if (this.#over || this.#response.headersSent) {
      if (value instanceof UpstreamReply) value[Symbol.dispose]();
      if (isUpgraded(value)) value.socket.destroy();
    } else if (isUpgraded(value)) {
      this.#tunnel(value, call, plan);
    } else if (value instanceof UpstreamReply) {
      this.#giveUp = () => value.head.body.destroy();
      this.#status = plan.answerStatus.get(value.status) ?? value.status;
      if (this.#writer.upstream(value, call, plan, error => this.#cut(value, error))) return;
      value[Symbol.dispose]();
      this.#answer(failureAnswer(undefined, false));
    } else {
      this.#own(value);
    }
  }

  #own(value: unknown): void {
    const reply = ownReply(value);
    this.#status = reply.status;
    const { extra = [] } = this.#call ?? {};
    this.#writer.own(reply, extra, error => this.#cut(undefined, error));
  }

  #tunnel(upgraded: Upgraded, call: IncomingCall, plan: RoutePlan): void {
    const asked = this.#upgrade;
    if (asked === undefined) {
      upgraded.socket.destroy();
      this.#answer(failureAnswer(undefined, false));
      return;
    }
    this.#status = 101;
    this.#outcome = 'upgraded';
    this.#response.detachSocket(this.socket);
    const { tunnels, closing } = this.#shell;
    const tunnel = new Tunnel(asked.socket, upgraded.socket, () => {
      tunnels.delete(tunnel);
      this.#end();
    });
    tunnels.add(tunnel);
    tunnel.start(asked, upgraded, call, plan.idleTimeoutMs);
    if (closing) tunnel.leave();
  }

  #failed(error: unknown, plan: RoutePlan): void {
    this.#stopTimer();
    if (this.#over || this.#response.headersSent) return;
    const { end } = plan;
    const own = end.kind === 'upstream' && end.upstream.kind === 'function';
    if (own && !(error instanceof TimeoutError) && !(error instanceof BodyTooLargeError)) {
      const failed = { kind: 'function', name: plan.name, part: 'answer' } as const;
      if (this.#call !== undefined) this.#shell.front.onFailure(failed, this.#call, error);
    }
    this.#answer(failureAnswer(error, own));
  }

  #answer(answer: GatewayAnswer): void {
    if (this.#over) return;
    if (this.#response.headersSent) {
      this.#cut(undefined, undefined);
      return;
    }
    this.#status = answer.status;
    if (answer.close === true) this.#shell.doomed.add(this.socket);
    this.#request.unpipe();
    this.#writer.answer(answer, this.#call?.extra ?? []);
  }

  /** The answer broke off amid its body: the client must not take what it has for all. */
  #cut(reply: UpstreamReply | undefined, error: unknown): void {
    // A client that has left made it break off, or it was we who closed.
    if (this.#over || this.#response.writableFinished) return;
    this.#outcome = 'cut';
    if (reply !== undefined) {
      reply.onCut?.();
      this.failed(this.#forwarding?.upstream ?? '', error);
    }
    cutAnswer(this.#response, this.socket);
  }

  #stopTimer(): void {
    if (this.#due !== undefined) this.#shell.due.remove(this.#due);
    this.#due = undefined;
  }

  /** The connection or the answer is at its end. */
  closed(): void {
    if (this.#outcome === 'upgraded') return;
    if (!this.#response.writableFinished && this.#outcome === 'answered') {
      this.#outcome = 'gone';
      if (!this.#response.headersSent) this.#status = 499;
    }
    const nothingRuns = this.#settled && this.#outcome === 'answered';
    this.#end();
    if (!nothingRuns) this.#giveUp?.(new AbandonedError('the client is gone'));
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopTimer();
    this.#copy?.ended();
    this.#shell.ended(this);
    const { method = '', url = '' } = this.#request;
    tellCompleted(this.#shell, this.#call, {
      ...{ method, path: this.#call?.path ?? url, status: this.#status, outcome: this.#outcome },
      ...{ startedAt: this.#startedAt, ip: this.#call?.ip ?? this.socket.remoteAddress ?? '' },
      upstream: this.#forwarding?.upstream || undefined,
    });
  }

  /** The body is about to be read: whoever waits to send it may. */
  reading(): void {
    this.#copy?.reading();
    if (this.#call?.facts.waits === true && !this.#response.headersSent) this.#response.writeContinue();
  }

  information(status: number, fields: readonly string[]): void {
    if (this.#request.httpVersion === '1.0' || this.#response.headersSent) return;
    this.#shell.inform(this.#response, status, fields);
  }

  failed(upstream: string, error: unknown): void {
    tellFailed(this.#shell, this.#call, upstream, error);
  }
}
