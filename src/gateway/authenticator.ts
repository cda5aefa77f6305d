import { plainName } from '../core/hop-fields.js';
import type { GatewayRequest, Identity, IncomingCall } from './gateway-request.js';
import type { GatewayAnswer } from './problem.js';
import { problem } from './problem.js';
import type { OnUserFailure } from './user-failure.js';

/** What an authenticator says of a request that it knows something of. */
export type Authentication =
  | {
      /** Who asks. */
      readonly identity: Identity;
    }
  | {
      /** Why what was shown does not count, in a few words for who showed it. */
      readonly refused: string;
      /** That of RFC 6750, for a bearer token. */
      readonly error?: 'invalid_token' | 'invalid_request';
    };

/** Finds out who asks. */
export interface Authenticator {
  /** Shown in `describe()`. */
  readonly name: string;
  /** What to do to be known, for `WWW-Authenticate`; such as `Bearer`. */
  readonly challenge: string;
  /** The fields that say who asks, in lower case: they are not handed on, unless the route says so. */
  readonly credentialFields: readonly string[];
  /**
   * `undefined` where the request shows nothing of its kind: the next one is asked. What it throws says that
   * nobody can tell now; the request is answered with 503.
   */
  authenticate(request: GatewayRequest): Authentication | undefined | PromiseLike<Authentication | undefined>;
}

/** How a route knows who asks. */
export interface AuthPlan {
  readonly authenticators: readonly Authenticator[];
  readonly scopes: readonly string[];
  readonly authorize: ((request: GatewayRequest) => boolean | PromiseLike<boolean>) | undefined;
  readonly forwardCredentials: boolean;
}

const challenges = (plan: AuthPlan, found?: { refused: string; error?: string }): string[] =>
  plan.authenticators.flatMap(({ challenge }) => {
    const error =
      found?.error === undefined ? '' : `${challenge.includes(' ') ? ',' : ''} error="${found.error}"`;
    return ['WWW-Authenticate', challenge.startsWith('Bearer') ? challenge + error : challenge];
  });

/**
 * The fields that end here: those that were believed, unless the route hands them on, and those of the other
 * authenticators, which nobody has looked at.
 */
function spentBy({ authenticators, forwardCredentials }: AuthPlan, believed: Authenticator): string[] {
  const plain = (one: Authenticator): string[] =>
    one.credentialFields.map(field => plainName(field.toLowerCase()));
  const spent = authenticators.flatMap(plain);
  if (!forwardCredentials) return spent;
  const kept = plain(believed);
  return spent.filter(field => !kept.includes(field));
}

/** Lets a request in, or answers it. Whatever goes wrong, nobody gets in by it. */
export async function authenticate(
  plan: AuthPlan,
  call: IncomingCall,
  onFailure: OnUserFailure,
): Promise<GatewayAnswer | undefined> {
  let asked = '';
  try {
    for (const authenticator of plan.authenticators) {
      asked = authenticator.name;
      const found = await authenticator.authenticate(call);
      if (found === undefined) continue;
      if ('refused' in found) return problem(401, found.refused, { fields: challenges(plan, found) });
      if (typeof found.identity?.subject !== 'string' || found.identity.subject === '') {
        throw new TypeError(`${authenticator.name}: an identity must have a subject`);
      }
      call.identity = found.identity;
      call.spent = spentBy(plan, authenticator);
      return await authorize(plan, call);
    }
  } catch (error) {
    onFailure({ kind: 'authenticator', name: asked, part: 'authenticate' }, call, error);
    return problem(503, 'who asks cannot be found out now', { retryAfterMs: 1_000 });
  }
  return problem(401, 'say who asks', { fields: challenges(plan) });
}

async function authorize(plan: AuthPlan, call: IncomingCall): Promise<GatewayAnswer | undefined> {
  const has = call.identity!.scopes ?? [];
  const missing = plan.scopes.filter(scope => !has.includes(scope));
  if (missing.length > 0) {
    const bearer = plan.authenticators.some(({ challenge }) => challenge.startsWith('Bearer'));
    const challenge = `Bearer error="insufficient_scope", scope="${plan.scopes.join(' ')}"`;
    const fields = bearer ? ['WWW-Authenticate', challenge] : [];
    return problem(403, 'who asks may not do this', { fields });
  }
  if (plan.authorize !== undefined && (await plan.authorize(call)) !== true) {
    return problem(403, 'who asks may not do this');
  }
  return undefined;
}
