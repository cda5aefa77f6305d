import { Readable } from 'node:stream';
import { passFields } from '../../core/hop-fields.js';
import { type CacheableAnswer, cacheable } from '../../core/http-cache-answer.js';
import { type KeptAnswer, saidUnder } from '../../core/http-cache-store.js';
import { fieldsOf304, hasIt } from '../../core/http-conditions.js';
import type { IncomingCall } from '../../gateway/gateway-request.js';
import { problem } from '../../gateway/problem.js';
import type { CachePlan, CacheSubject } from '../../gateway/route-cache.js';
import { UpstreamReply } from './upstream-reply.js';

/** An answer, as far as it is kept. */
export interface AnswerParts {
  readonly status: number;
  readonly reason: string;
  /** Name, value, name, value …, without those of a connection, and the length. */
  readonly fields: readonly string[];
  readonly body: Uint8Array;
}

/** An answer that is kept. */
export interface Kept extends AnswerParts, KeptAnswer {
  readonly verdict: CacheableAnswer;
  /** When it came, on the clock. */
  readonly keptAt: number;
}

/** What the kept form of an answer takes besides its texts. */
const OVERHEAD = 512;
const noTrailers = (): readonly string[] => [];

export function fieldsToKeep({ head, names, listed }: UpstreamReply): string[] {
  return passFields(head.fields, names, listed, name => name === 'content-length');
}

/** The form in which an answer is kept; `undefined` where it must not be. */
export function keptOf(
  call: IncomingCall,
  subject: CacheSubject,
  cache: CachePlan,
  answer: AnswerParts,
  { sentAt, receivedAt, now }: { readonly sentAt: number; readonly receivedAt: number; readonly now: number },
): Kept | undefined {
  const { fields, body } = answer;
  const field = (wanted: string): string | undefined => {
    const values = fields.filter((_, at) => at % 2 === 1 && fields[at - 1]!.toLowerCase() === wanted);
    return values.length === 0 ? undefined : values.join(', ');
  };
  const facts = { status: answer.status, field, sentAt, receivedAt, named: subject.named };
  const verdict = cacheable(facts, cache);
  if (verdict === undefined || verdict.vary.some(subject.barred)) return undefined;
  const kept = fields.filter((_, at) => fields[at - (at % 2)]!.toLowerCase() !== 'age');
  const said = saidUnder(verdict.vary, name => call.header(name));
  const texts = [subject.key, ...kept, ...said].reduce((sum, text) => sum + (text ?? '').length, 0);
  const bytes = OVERHEAD + texts * 2 + body.byteLength;
  return { ...answer, fields: kept, verdict, vary: verdict.vary, said, bytes, keptAt: now };
}

/** A kept answer for a client: 304 where it has it already. */
export function replyOfKept(kept: Kept, call: IncomingCall, now: number): UpstreamReply {
  const { status, reason, body, verdict } = kept;
  const ageS = Math.max(0, Math.floor((verdict.ageMs + now - kept.keptAt) / 1000));
  const fields = [...kept.fields, 'Age', String(ageS)];
  if (status === 200 && hasIt(call.header('if-none-match'), call.header('if-modified-since'), verdict)) {
    return bare304(fields);
  }
  const length = status === 204 ? [] : ['Content-Length', String(body.byteLength)];
  const stream = Readable.from(call.method === 'HEAD' || body.byteLength === 0 ? [] : [body]);
  const head = { status, reason, fields: [...fields, ...length], body: stream, trailers: noTrailers };
  return new UpstreamReply(head);
}

/** What the client has is what it would get. */
export function bare304(fields: readonly string[]): UpstreamReply {
  const body = Readable.from([]);
  return new UpstreamReply({
    ...{ status: 304, reason: '', fields: fieldsOf304(fields), body, trailers: noTrailers },
  });
}

/** Nothing is kept for who wants nothing else: RFC 9111, 5.2.1.7. */
export function nothingKept(): UpstreamReply {
  const { status, fields, body = '' } = problem(504, 'nothing is kept for this request');
  const stream = Readable.from([Buffer.from(body)]);
  return new UpstreamReply({ status, reason: '', fields, body: stream, trailers: noTrailers });
}
