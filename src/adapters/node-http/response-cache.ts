import { standsIn, useOf } from '../../core/http-cache-answer.js';
import { readCacheControl } from '../../core/http-cache-control.js';
import { HttpCacheStore, saidUnder } from '../../core/http-cache-store.js';
import { freshened, hasIt, sameTag } from '../../core/http-conditions.js';
import type { ForwardContext } from '../../gateway/forward-context.js';
import type { CacheVerdict } from '../../gateway/gateway-events.js';
import type { IncomingCall } from '../../gateway/gateway-request.js';
import { cacheSubject, uriOf } from '../../gateway/route-cache.js';
import { AbandonedError } from '../../kernel/errors.js';
import { apart } from './cache-apart.js';
import type { CacheAsk, CacheSnapshot, Run, Sought } from './cache-ask.js';
import { type CacheFetch, collect, type FetchOutcome, orCancelled } from './cache-fetch.js';
import { FetchTable } from './fetch-table.js';
import type { GatewayCore } from './gateway-core.js';
import {
  type AnswerParts,
  bare304,
  fieldsToKeep,
  type Kept,
  keptOf,
  nothingKept,
  replyOfKept,
} from './kept-answer.js';
import { isOwn, replyOf, statusOf } from './reply-of.js';
import { UpstreamReply } from './upstream-reply.js';

/** So many wait for one answer, and so many are looked for that nobody waits for. */
const MOST_WAITING = 1_000;
const MOST_APART = 64;
const FAILED = /* @__PURE__ */ new Set([500, 502, 503, 504]);
const SAFE = /* @__PURE__ */ new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
const alone: FetchOutcome = /* @__PURE__ */ Object.freeze({ kind: 'alone' });
const again: FetchOutcome = /* @__PURE__ */ Object.freeze({ kind: 'again' });

/** The answers that one gateway keeps, and the requests under way for more. */
export class ResponseCache {
  readonly #core: () => GatewayCore;
  readonly #store: HttpCacheStore<Kept>;
  readonly #fetches: FetchTable;
  readonly #apart = new Set<ForwardContext>();
  readonly #answered = { hit: 0, stale: 0, revalidated: 0, joined: 0, miss: 0, bypass: 0 };

  constructor(core: () => GatewayCore, maxEntries: number, maxBytes: number) {
    this.#core = core;
    this.#store = new HttpCacheStore(maxEntries, maxBytes);
    this.#fetches = new FetchTable(maxEntries, () => this.#now());
  }

  snapshot(): CacheSnapshot {
    const { entries, bytes } = this.#store;
    return { entries, bytes, answered: { ...this.#answered } };
  }

  /** Forgets all; what is under way is not kept either. */
  clear(): void {
    this.#store.clear();
    this.#fetches.clear();
  }

  close(): void {
    this.clear();
    for (const context of this.#apart) context.revoke(new AbandonedError('the gateway is closed'));
  }

  /** Answers a request: with what is kept, or by what `run` brings. */
  answer(ask: CacheAsk, run: Run): Promise<unknown> {
    const { call, plan, context } = ask;
    const { cache } = plan;
    const isSafe = [call.method, ...call.facts.overrides].every(method => SAFE.has(method));
    if (cache === undefined) return isSafe ? run(plan) : this.#change(call, run(plan));
    if (!isSafe) return this.#change(call, orCancelled(run(plan), context));
    const subject = cacheSubject(call, plan, this.#core().front.plan.rules);
    if (subject === undefined) {
      this.#mark(call, 'bypass');
      return orCancelled(run(plan), context);
    }
    const pragma = call.header('pragma')?.toLowerCase().includes('no-cache') ? 'no-cache' : undefined;
    const asked = readCacheControl(call.header('cache-control') ?? pragma);
    return this.#read({ ...ask, subject, cache, asked, isApart: false }, run);
  }

  /** What a method changes is not what is kept any more: RFC 9111, 4.4. */
  async #change(call: IncomingCall, running: Promise<unknown>): Promise<unknown> {
    const value = await running;
    const status = statusOf(value);
    if ((this.#store.entries > 0 || this.#fetches.size > 0) && status >= 200 && status < 400) {
      const uri = uriOf(call);
      this.#store.invalidate(uri);
      this.#fetches.doom(uri);
    }
    return value;
  }

  async #read(sought: Sought, run: Run): Promise<unknown> {
    const { call, plan, subject, cache, asked, context } = sought;
    const isGet = call.method === 'GET' && !asked.noStore;
    const waits =
      cache.coalesce && isGet && !asked.noCache && asked.maxAge === undefined && asked.minFresh === undefined;
    for (;;) {
      const kept = this.#find(sought);
      const use = kept === undefined ? 'ask' : useOf(kept.verdict, this.#now() - kept.keptAt, asked);
      if (kept !== undefined && use !== 'ask') {
        if (use === 'stale') this.#refresh(sought, kept);
        return this.#give(sought, kept, use === 'stale' ? 'stale' : 'hit');
      }
      if (asked.onlyIfCached) return nothingKept();
      if (!isGet) {
        this.#mark(call, 'bypass');
        return orCancelled(run(plan), context);
      }
      const flight = waits ? this.#fetches.shared(subject.key) : undefined;
      if (flight === undefined || flight.waiting >= MOST_WAITING) {
        return this.#fetch(sought, kept, this.#fetches.begin(subject, waits && flight === undefined), run);
      }
      const outcome = await flight.wait(context);
      if (outcome.kind === 'again') continue;
      if (outcome.kind === 'failed') throw outcome.error;
      if (outcome.kind === 'kept' && this.#fits(sought, outcome.kept)) {
        return this.#give(sought, outcome.kept, 'joined');
      }
      return this.#fetch(sought, kept, this.#fetches.begin(subject, false), run);
    }
  }

  #now(): number {
    return this.#core().front.plan.clock.now();
  }

  #find({ call, subject }: Sought): Kept | undefined {
    const kept = this.#store.find(subject.key, name => call.header(name));
    return kept !== undefined && (!subject.named || kept.verdict.forAll) ? kept : undefined;
  }

  #fits({ call, subject }: Sought, kept: Kept): boolean {
    const said = saidUnder(kept.vary, name => call.header(name));
    return (!subject.named || kept.verdict.forAll) && kept.said.every((value, at) => value === said[at]);
  }

  async #fetch(sought: Sought, kept: Kept | undefined, fetch: CacheFetch, run: Run): Promise<unknown> {
    const { plan, subject, context } = sought;
    const { etag, lastModified } = kept?.verdict ?? {};
    // Without anything to ask with, the whole answer is wanted, whatever the client has.
    const isPassing = this.#fetches.isPassing(subject.key);
    const conditions: (readonly [string, string | null])[] = [
      ['If-None-Match', etag ?? null],
      ['If-Modified-Since', lastModified ?? null],
    ];
    const requestHeaders = [...plan.requestHeaders, ...conditions];
    const inner = isPassing && kept === undefined ? plan : { ...plan, requestHeaders };
    const sentAt = this.#core().front.plan.clock.wall();
    try {
      const value = await orCancelled(run(inner), context);
      const isAsked = etag !== undefined || lastModified !== undefined;
      if (isAsked && statusOf(value) === 304)
        return await this.#revalidated(sought, kept!, replyOf(value), fetch, run, sentAt);
      return this.#fetched(sought, kept, value, fetch, sentAt);
    } catch (error) {
      const isGone = context.cancelled && context.reason instanceof AbandonedError;
      if (kept !== undefined && !isGone && standsIn(kept.verdict, this.#now() - kept.keptAt)) {
        fetch.end({ kind: 'kept', kept });
        return this.#give(sought, kept, 'stale');
      }
      fetch.end(context.cancelled ? again : { kind: 'failed', error });
      throw error;
    }
  }

  /** The upstream says that what is kept is what it would answer. */
  async #revalidated(
    sought: Sought,
    kept: Kept,
    reply: UpstreamReply,
    fetch: CacheFetch,
    run: Run,
    sentAt: number,
  ): Promise<unknown> {
    reply[Symbol.dispose]();
    const tag = reply.header('etag');
    if (tag !== undefined && kept.verdict.etag !== undefined && !sameTag(tag, kept.verdict.etag)) {
      // It speaks of another one than we have.
      this.#store.remove(sought.subject.key, kept);
      return this.#fetch(sought, undefined, fetch, run);
    }
    const fields = freshened(kept.fields, fieldsToKeep(reply));
    const next = this.#keptOf(sought, { ...kept, fields }, sentAt);
    if (next === undefined) this.#store.remove(sought.subject.key, kept);
    else this.#keep(sought, next, kept, fetch);
    const given = next ?? { ...kept, fields, verdict: { ...kept.verdict, ageMs: 0 }, keptAt: this.#now() };
    fetch.end(next === undefined ? alone : fetch.doomed ? again : { kind: 'kept', kept: next });
    return this.#give(sought, given, 'revalidated');
  }

  #fetched(
    sought: Sought,
    kept: Kept | undefined,
    value: unknown,
    fetch: CacheFetch,
    sentAt: number,
  ): unknown {
    const { call, cache, subject } = sought;
    const status = statusOf(value);
    if (FAILED.has(status) && kept !== undefined && standsIn(kept.verdict, this.#now() - kept.keptAt)) {
      if (value instanceof UpstreamReply) value[Symbol.dispose]();
      fetch.end({ kind: 'kept', kept });
      return this.#give(sought, kept, 'stale');
    }
    if (!(value instanceof UpstreamReply) && !isOwn(sought.plan)) {
      // A policy has answered in the stead of the upstream.
      fetch.end(alone);
      return value;
    }
    const reply = replyOf(value);
    const fields = fieldsToKeep(reply);
    const empty = { status, reason: reply.head.reason, fields, body: new Uint8Array() };
    const next = this.#keptOf(sought, empty, sentAt);
    const tooLarge = Number(reply.header('content-length') ?? 0) > cache.maxEntryBytes;
    this.#mark(sought.isApart ? undefined : call, 'miss');
    if (next === undefined || tooLarge) {
      if (!FAILED.has(status)) this.#store.remove(subject.key, kept);
      fetch.end(alone);
      return reply;
    }
    const collected = collect(reply, cache.maxEntryBytes, (whole, isWhole) => {
      if (whole === undefined) {
        fetch.end(isWhole ? alone : again);
        return;
      }
      const full = { ...next, body: whole, bytes: next.bytes + whole.byteLength };
      this.#keep(sought, full, kept, fetch);
      fetch.end(fetch.doomed ? again : { kind: 'kept', kept: full });
    });
    if (
      !sought.isApart &&
      status === 200 &&
      hasIt(call.header('if-none-match'), call.header('if-modified-since'), next.verdict)
    ) {
      collected.head.body.resume();
      return bare304(fields);
    }
    return collected;
  }

  #keep({ subject }: Sought, next: Kept, former: Kept | undefined, fetch: CacheFetch): void {
    if (!fetch.doomed) this.#store.put(subject.key, subject.uri, next, former);
  }

  #give(sought: Sought, kept: Kept, how: CacheVerdict): UpstreamReply {
    const { call, isApart } = sought;
    this.#mark(isApart ? undefined : call, how);
    return replyOfKept(kept, call, this.#now());
  }

  #keptOf({ call, cache, subject }: Sought, answer: AnswerParts, sentAt: number): Kept | undefined {
    const { clock } = this.#core().front.plan;
    const times = { sentAt, receivedAt: clock.wall(), now: clock.now() };
    return keptOf(call, subject, cache, answer, times);
  }

  /** Looks for a newer answer while nobody waits for it. */
  #refresh(sought: Sought, kept: Kept): void {
    const { call, plan, request, subject } = sought;
    if (this.#fetches.shared(subject.key) !== undefined || this.#apart.size >= MOST_APART) return;
    const { context, run, end } = apart(this.#core(), call, plan, request);
    this.#apart.add(context);
    const over = (): void => {
      end();
      this.#apart.delete(context);
    };
    const fetch = this.#fetches.begin(subject, true);
    this.#fetch({ ...sought, context, isApart: true }, kept, fetch, run).then(
      value => {
        if (value instanceof UpstreamReply) value.head.body.resume();
        over();
      },
      () => over(),
    );
  }

  /** Counts how a request was answered, and says it: RFC 9211. */
  #mark(call: IncomingCall | undefined, how: CacheVerdict): void {
    if (call === undefined || call.cache !== undefined) return;
    call.cache = how;
    this.#answered[how]++;
    call.extra.push('Cache-Status', `${this.#name()}; ${words[how]}`);
  }

  #name(): string {
    const { name } = this.#core().front.plan;
    return /^[A-Za-z*][\w!#$%&'*+.^`|~:/-]*$/.test(name) ? name : '"gateway"';
  }
}

const words: Readonly<Record<CacheVerdict, string>> = /* @__PURE__ */ Object.freeze({
  hit: 'hit',
  stale: 'hit; detail=stale',
  revalidated: 'fwd=stale; fwd-status=304',
  joined: 'fwd=miss; collapsed',
  miss: 'fwd=miss',
  bypass: 'fwd=bypass',
});
