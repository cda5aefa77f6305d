import type { IncomingMessage } from 'node:http';
import { type BodyPlan, isChecked, refusedBody, refusedUnread, tooLarge } from '../../gateway/body-rules.js';
import type { IncomingCall } from '../../gateway/gateway-request.js';
import { type GatewayAnswer, problem } from '../../gateway/problem.js';
import { factOf } from '../../kernel/errors.js';
import { WholeBody } from './request-body.js';

/** A body as it came, or the answer to a request whose body is none. `bytes` is missing without a body. */
export type CheckedBody = { readonly bytes: Uint8Array | undefined } | { readonly refused: GatewayAnswer };

/** Reads a body as a whole and asks its schema. `onRead` is told before anything is read. */
export async function checkedBody(
  request: IncomingMessage,
  call: IncomingCall,
  plan: BodyPlan,
  onRead: () => void,
): Promise<CheckedBody> {
  if (!isChecked(call)) return { bytes: undefined };
  const unread = refusedUnread(call, plan);
  if (unread !== undefined) return { refused: unread };
  let bytes: Uint8Array;
  try {
    bytes = await new WholeBody(request, plan.maxBytes, onRead).bytes();
  } catch (error) {
    if (factOf(error, 'code') === 'ERR_BODY_TOO_LARGE') return { refused: tooLarge() };
    return { refused: problem(400, 'the body broke off', { close: true }) };
  }
  const refused = await refusedBody(bytes, plan);
  return refused === undefined ? { bytes } : { refused };
}
