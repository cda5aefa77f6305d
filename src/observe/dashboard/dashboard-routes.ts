import type { Acting } from './acting.js';
import type { DashboardActionName } from './action-names.js';
import {
  type AskedRequest,
  headersOf,
  jsonAnswer,
  problemAnswer,
  type WholeAnswer,
} from './dashboard-request.js';
import type { DeadLetterShelves } from './dead-letter-shelves.js';
import type { Hub } from './hub.js';
import { pageEtag, pageHtml, pagePolicy } from './page-html.js';
import type { PageProof } from './page-proof.js';
import type { SessionMessage } from './protocol.js';
import { isSagaStatus, listSagas, type SagaSource } from './saga-list.js';
import type { SharedReads } from './shared-reads.js';
import type { ViewerSink } from './viewer.js';

/** An answer that goes on. */
export interface StreamAnswer {
  readonly status: 200;
  readonly headers: Readonly<Record<string, string>>;
  /** Begins; the function returned is for when the other side is gone. */
  join(sink: ViewerSink): () => void;
}

/** What the routes speak to. */
export interface RouteParts {
  readonly hub: Hub;
  readonly acting: Acting;
  readonly proof: PageProof;
  readonly shelves: DeadLetterShelves;
  readonly reads: SharedReads;
  readonly actions: readonly DashboardActionName[];
  /** The orchestrator of a key, where it is one of this process. */
  sagasOf(key: string): SagaSource | undefined;
  join(sink: ViewerSink, lastEventId: string | undefined): (() => void) | undefined;
  isFull(): boolean;
  turnAway(): void;
}

type Route = (request: AskedRequest, parts: RouteParts) => Promise<WholeAnswer | StreamAnswer>;

const missing = (): WholeAnswer => problemAnswer(404, 'missing', 'there is nothing here');

const page: Route = async request => {
  const headers = headersOf('text/html; charset=utf-8', pagePolicy);
  headers['etag'] = pageEtag;
  // It is the same for everybody, but a new version has to be seen.
  headers['cache-control'] = 'no-cache';
  const known = request.header('if-none-match') === pageEtag;
  return { status: known ? 304 : 200, headers, body: known ? '' : pageHtml };
};

const stream: Route = async (request, { isFull, join, turnAway }) => {
  if (isFull()) {
    turnAway();
    return problemAnswer(503, 'full', 'too many look at this dashboard', { 'retry-after': '10' });
  }
  const headers = {
    ...headersOf('text/event-stream'),
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
  };
  const last = request.header('last-event-id');
  return {
    status: 200,
    headers,
    join(sink) {
      const leave = join(sink, last);
      // Others have come since it was asked.
      if (leave === undefined) sink.end();
      return leave ?? (() => {});
    },
  };
};

const state: Route = async (_, { hub }) => jsonAnswer(hub.state());

const session: Route = async (request, { proof, actions }) => {
  const { token, setCookie } = await proof.issue(request.header('cookie'));
  const message: SessionMessage = { token, actions };
  return jsonAnswer(message, setCookie === undefined ? {} : { 'set-cookie': setCookie });
};

const sagas: Route = async ({ query }, { reads, sagasOf }) => {
  const key = query.get('key') ?? '';
  const status = query.get('status') ?? '';
  const source = sagasOf(key);
  if (source === undefined) return missing();
  if (status !== '' && !isSagaStatus(status)) return problemAnswer(400, 'status', 'there is no such status');
  const wanted = status === '' ? undefined : status;
  return jsonAnswer({ sagas: await reads.read(`sagas ${key} ${status}`, () => listSagas(source, wanted)) });
};

const deadLetters: Route = async ({ query }, { reads, shelves }) => {
  const key = query.get('key') ?? '';
  const after = query.get('after') ?? undefined;
  if (shelves.nameOf(key) === undefined) return missing();
  if (after !== undefined && after.length > 2_000) return problemAnswer(400, 'after', 'it is too long');
  const letters = await reads.read(`letters ${key} ${after ?? ''}`, () => shelves.list(key, after));
  return jsonAnswer({ letters });
};

const act: Route = async (request, { acting, reads }) => {
  const answer = await acting.answer(request);
  reads.clear();
  return answer;
};

const routes: Readonly<Record<string, { readonly method: 'GET' | 'POST'; readonly answer: Route }>> =
  /* @__PURE__ */ Object.freeze({
    '/': { method: 'GET', answer: page },
    '/api/stream': { method: 'GET', answer: stream },
    '/api/state': { method: 'GET', answer: state },
    '/api/session': { method: 'GET', answer: session },
    '/api/sagas': { method: 'GET', answer: sagas },
    '/api/dead-letters': { method: 'GET', answer: deadLetters },
    '/api/act': { method: 'POST', answer: act },
  });

/** The answer to a request; it never throws. */
export async function answerOf(
  request: AskedRequest,
  parts: RouteParts,
): Promise<WholeAnswer | StreamAnswer> {
  const route = Object.hasOwn(routes, request.path) ? routes[request.path] : undefined;
  if (route === undefined) return missing();
  const asked = request.method === 'HEAD' && request.path === '/' ? 'GET' : request.method;
  if (asked !== route.method) {
    return problemAnswer(405, 'method', `this wants ${route.method}`, { allow: route.method });
  }
  try {
    return await route.answer(request, parts);
  } catch {
    // A store that is down: the page says so and asks again. What it said is not for whoever looks.
    return problemAnswer(502, 'source', 'what was asked could not answer');
  }
}
