import { Readable } from 'node:stream';
import type { RoutePlan } from '../../gateway/route-plan.js';
import { isRecord } from '../../kernel/options.js';
import { ownReply } from './own-reply.js';
import { UpstreamReply } from './upstream-reply.js';

/** The status of whatever answers a request; 0 where it says none that counts. */
export function statusOf(value: unknown): number {
  const status = isRecord(value) ? (value['status'] ?? 200) : 0;
  return typeof status === 'number' ? status : 0;
}

/** What a function of this process answered, in the form of the answer of an upstream. */
export function replyOf(value: unknown): UpstreamReply {
  if (value instanceof UpstreamReply) return value;
  const { status, fields, body } = ownReply(value);
  const stream =
    body instanceof Readable ? body : Readable.from(body === undefined ? [] : [Buffer.from(body)]);
  const bare = status === 204 || status === 304;
  const length =
    bare || body === undefined || body instanceof Readable
      ? []
      : ['Content-Length', String(Buffer.byteLength(body))];
  return new UpstreamReply({
    status,
    reason: '',
    fields: [...fields, ...length],
    body: stream,
    trailers: () => [],
  });
}

/** Whether answers are made in this process. */
export const isOwn = ({ end }: RoutePlan): boolean =>
  end.kind === 'upstream' && (end.upstream.kind === 'function' || end.upstream.kind === 'aggregate');
