import { jsonDepth } from '../core/json-depth.js';
import { checkKeys, checkNumber, refuse } from '../kernel/options.js';
import { isSchema, issuesOf } from '../kernel/schema-issues.js';
import type { StandardSchema } from '../kernel/standard-schema.js';
import type { IncomingCall } from './gateway-request.js';
import { type GatewayAnswer, problem } from './problem.js';

/** What the bodies of requests have to be: JSON that a schema takes. */
export interface RouteBody {
  /** A schema of any library that speaks Standard Schema: zod, valibot, arktype and others. */
  readonly schema: StandardSchema;
  /**
   * The largest body that is read for it, in bytes.
   * @default 1_048_576, or `maxBodyBytes` where that is less
   */
  readonly maxBytes?: number;
}

/** The checked rules. */
export interface BodyPlan {
  readonly schema: StandardSchema;
  readonly maxBytes: number;
}

/** Deeper than anybody writes; some schemas go down by recursion. */
const DEEPEST = 128;
const JSON_TYPE = /^application\/(?:[\w!#$&^.-]+\+)?json\s*(?:;|$)/i;

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function planBody(owner: string, body: RouteBody, maxBodyBytes: number): BodyPlan {
  const own = `${owner}: body`;
  checkKeys(own, body, ['schema', 'maxBytes']);
  const { schema, maxBytes = Math.min(1_048_576, maxBodyBytes) } = body;
  if (!isSchema(schema)) refuse(own, 'schema', 'a schema that speaks Standard Schema', schema);
  checkNumber(own, 'maxBytes', maxBytes, { min: 1, max: 2 ** 28, integer: true });
  return { schema, maxBytes };
}

/** Whether a request has to have a body that is checked. */
export const isChecked = (call: IncomingCall): boolean =>
  call.hasBody || call.method === 'POST' || call.method === 'PUT' || call.method === 'PATCH';

/** What can be told of a body before it is read; `undefined` where that is nothing. */
export function refusedUnread(call: IncomingCall, { maxBytes }: BodyPlan): GatewayAnswer | undefined {
  if (!call.hasBody) return problem(400, 'a body is missing');
  const coding = call.header('content-encoding');
  if (!JSON_TYPE.test(call.header('content-type') ?? '') || (coding !== undefined && coding !== 'identity')) {
    return problem(415, 'the body has to be plain JSON', { close: true });
  }
  return (call.facts.length ?? 0) > maxBytes ? tooLarge() : undefined;
}

export const tooLarge = (): GatewayAnswer =>
  problem(413, 'the body is larger than it may be', { close: true });

/** Says what is wrong with a body; `undefined` where that is nothing. */
export async function refusedBody(
  bytes: Uint8Array,
  { schema }: BodyPlan,
): Promise<GatewayAnswer | undefined> {
  let value: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    if (jsonDepth(text) > DEEPEST) return problem(400, 'the body is too deep');
    value = JSON.parse(text);
  } catch {
    return problem(400, 'the body is no JSON');
  }
  const { issues } = await schema['~standard'].validate(value);
  if (issues === undefined) return undefined;
  return problem(422, 'the body is not what it has to be', { more: { errors: issuesOf(issues) } });
}
