import { errorText } from '../../kernel/error-words.js';
import { isRecord } from '../../kernel/options.js';
import { shortText } from '../plain-copy.js';
import type { DashboardActionName } from './action-names.js';
import { type PlannedAction, planAction } from './action-table.js';
import type { DashboardEvents } from './dashboard-events.js';
import type { DashboardAction, DashboardIdentity, DashboardOptions } from './dashboard-options.js';
import { type AskedRequest, jsonAnswer, problemAnswer, type WholeAnswer } from './dashboard-request.js';
import type { DeadLetterShelves } from './dead-letter-shelves.js';
import type { Hub } from './hub.js';
import { isSameOrigin, type PageProof } from './page-proof.js';
import type { ActionRequest } from './protocol.js';

/** What acting needs. */
export interface ActingParts {
  readonly options: DashboardOptions;
  readonly actions: readonly DashboardActionName[];
  readonly trustedHosts: readonly string[];
  readonly epoch: string;
  readonly hub: Hub;
  readonly shelves: DeadLetterShelves;
  readonly proof: PageProof;
  tell(what: Omit<DashboardEvents['acted'], 'at' | 'dashboard'>): void;
}

const MOST_BYTES = 16_384;
/** Actions under way at a time. */
const MOST_ACTIONS = 16;
const TOKEN_FIELD = 'x-csrf-token';

/** Does what a page asks for, when the page is ours and who asks may. */
export class Acting {
  readonly #parts: ActingParts;
  #running = 0;

  constructor(parts: ActingParts) {
    this.#parts = parts;
  }

  async answer(request: AskedRequest): Promise<WholeAnswer> {
    const objection = await this.#objectionTo(request);
    if (objection !== undefined) return objection;
    if (this.#running >= MOST_ACTIONS) {
      return problemAnswer(503, 'busy', 'too many actions are under way', { 'retry-after': '1' });
    }
    this.#running++;
    try {
      const planned = await this.#plan(request);
      return 'run' in planned ? await this.#perform(request, planned) : planned;
    } finally {
      this.#running--;
    }
  }

  /** Whether it may be a page of somebody else that asks. */
  async #objectionTo({ header }: AskedRequest): Promise<WholeAnswer | undefined> {
    const { proof, trustedHosts, actions } = this.#parts;
    if (actions.length === 0) return problemAnswer(403, 'read-only', 'this dashboard is read-only');
    if (!isSameOrigin(header, trustedHosts)) {
      return problemAnswer(403, 'origin', 'the request does not come from a page of this host');
    }
    // A form of another page cannot send this type without being asked whether it may.
    if (!/^application\/json *(;|$)/i.test(header('content-type') ?? '')) {
      return problemAnswer(415, 'type', 'an action is JSON');
    }
    if (await proof.holds(header('cookie'), header(TOKEN_FIELD))) return undefined;
    return problemAnswer(403, 'token', 'the token of the page is missing, or not the one of its cookie');
  }

  async #plan(request: AskedRequest): Promise<PlannedAction | WholeAnswer> {
    const { actions, epoch, hub, options, shelves } = this.#parts;
    let wanted: unknown;
    try {
      wanted = JSON.parse(await request.body(MOST_BYTES));
    } catch (error) {
      if (error instanceof RangeError) return problemAnswer(413, 'large', 'the request is too large');
      return problemAnswer(400, 'body', 'the body is no JSON');
    }
    if (!isRecord(wanted)) return problemAnswer(400, 'body', 'the body is no object');
    const { action, key, epoch: seen } = wanted as unknown as ActionRequest;
    const name = actions.find(one => one === action);
    if (name === undefined) return problemAnswer(404, 'action', 'this action is not offered');
    // Keys are those of one run: under the same key there may be something else by now.
    if (seen !== epoch) return problemAnswer(409, 'stale', 'the dashboard was started anew: look again');
    if (typeof key !== 'string') return problemAnswer(400, 'body', '`key` must be a text');
    const facts = hub.thing(key);
    const thing =
      facts?.instance === '' ? options.observatory.things().find(({ id }) => id === facts.id) : undefined;
    const planned = planAction(wanted as unknown as ActionRequest, name, thing, shelves);
    return typeof planned === 'string' ? problemAnswer(400, 'action', planned) : planned;
  }

  async #perform(request: AskedRequest, { action, run }: PlannedAction): Promise<WholeAnswer> {
    const { tell } = this.#parts;
    const who = await this.#whoMay(request, action);
    if (typeof who !== 'string') {
      tell({ who: null, action, outcome: 'refused', error: who.error });
      return who.error === undefined
        ? problemAnswer(403, 'refused', 'you may not do this')
        : problemAnswer(503, 'authorise', 'it could not be found out who you are');
    }
    try {
      await run();
    } catch (error) {
      tell({ who, action, outcome: 'failed', error });
      const { message, code } = errorText(error);
      const status = code === 'ERR_SAGA_REFUSED' || error instanceof RangeError ? 409 : 500;
      return problemAnswer(status, 'failed', message);
    }
    tell({ who, action, outcome: 'done', error: undefined });
    return jsonAnswer({ done: true, who });
  }

  /** Nobody gets in by a failure. */
  async #whoMay(
    request: AskedRequest,
    action: DashboardAction,
  ): Promise<string | { readonly error: unknown }> {
    try {
      const answer: DashboardIdentity | false = await this.#parts.options.authorise!(request, action);
      const subject = isRecord(answer) ? answer['subject'] : answer;
      if (typeof subject === 'string' && subject !== '') return shortText(subject, 200);
      return { error: undefined };
    } catch (error) {
      return { error };
    }
  }
}
