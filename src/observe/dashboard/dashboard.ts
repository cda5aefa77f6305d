import type { IncomingMessage, ServerResponse } from 'node:http';
import { systemClock } from '../../kernel/clock.js';
import { Emitter, type Listener, type Observable } from '../../kernel/events.js';
import { newId } from '../../kernel/random.js';
import { plainCopy } from '../plain-copy.js';
import { Acting } from './acting.js';
import { type DashboardEvents, dashboardEvents } from './dashboard-events.js';
import {
  checkDashboard,
  type DashboardOptions,
  type DashboardRules,
  dashboardDefaults,
} from './dashboard-options.js';
import { type AskedRequest, problemAnswer, type WholeAnswer } from './dashboard-request.js';
import { answerOf, type RouteParts, type StreamAnswer } from './dashboard-routes.js';
import { DeadLetterShelves } from './dead-letter-shelves.js';
import { askedOfFetch, responseOf } from './fetch-handler.js';
import { GaugeBoard } from './gauge-board.js';
import { Hub } from './hub.js';
import { askedOf, writeAnswer } from './node-handler.js';
import { PageProof } from './page-proof.js';
import { RemoteServices } from './remote-services.js';
import type { SagaSource } from './saga-list.js';
import { SharedReads } from './shared-reads.js';
import type { ViewerSink } from './viewer.js';

/** How a dashboard stands at a moment. */
export interface DashboardSnapshot {
  /** What it is called. */
  readonly name: string;
  /** Those who look. */
  readonly viewers: number;
  /** Those who had stopped reading and were dropped, since it was made. */
  readonly dropped: number;
  /** The processes that feed it. */
  readonly services: number;
}

/** So long one answer of a store serves all who ask the same, in ms. */
const READ_FOR_MS = 1_000;

/** A page that shows what an observatory watches, and lets those act who may. */
export class Dashboard implements Observable<DashboardEvents> {
  readonly #options: DashboardOptions;
  readonly #rules: DashboardRules;
  readonly #hub: Hub;
  readonly #remote: RemoteServices;
  readonly #events = new Emitter<DashboardEvents>(dashboardEvents);
  readonly #parts: RouteParts;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: DashboardOptions) {
    const rules = checkDashboard(options);
    const { observatory, clock = systemClock, secret } = options;
    this.#options = options;
    this.#rules = rules;
    this.#remote = new RemoteServices(rules.maxServices, event => this.#hub.log.addCounted(event));
    const { trustedHosts, actions } = rules;
    const epoch = newId();
    const shelves = new DeadLetterShelves(options.deadLetters ?? {}, rules.showData);
    const gauges = new GaugeBoard(options.gauges ?? {});
    const { facts } = shelves;
    const remote = this.#remote;
    this.#hub = new Hub({ observatory, remote, gauges, shelves: facts, rules, clock, epoch });
    const proof = new PageProof(secret);
    const hub = this.#hub;
    const tell: ConstructorParameters<typeof Acting>[0]['tell'] = what => this.#tellActed(what);
    const acting = new Acting({ options, actions, trustedHosts, epoch, hub, shelves, proof, tell });
    this.#parts = {
      ...{ hub, acting, proof, shelves, actions, reads: new SharedReads(clock, READ_FOR_MS) },
      sagasOf: key => this.#sagasOf(key),
      join: (sink, last) => this.#join(sink, last),
      isFull: () => hub.viewers >= rules.maxViewers,
      turnAway: () => this.#tell('turnedAway'),
    };
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof dashboardDefaults {
    return dashboardDefaults;
  }

  /** The service whose observatory it shows. */
  get name(): string {
    return this.#options.observatory.service;
  }

  /**
   * For `node:http`, Express and what builds on them. A path that is not below `basePath` goes to `next`, and
   * is not found where there is none.
   */
  readonly handler = (
    request: IncomingMessage,
    response: ServerResponse,
    next?: (error?: unknown) => void,
  ): void => {
    const [path, search] = splitTarget(request.url ?? '/');
    const below = this.#below(path);
    if (below === undefined && next !== undefined) {
      next();
      return;
    }
    // An answer never rejects, but a response may have been ended by somebody else.
    void this.#answer(askedOf(request, below ?? '', search)).then(answer => {
      if (!response.headersSent) writeAnswer(request, response, answer);
    });
  };

  /** For servers that speak `Request` and `Response`. */
  readonly fetch = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url);
    const asked = askedOfFetch(request, this.#below(pathname) ?? '', search);
    return responseOf(request, await this.#answer(asked));
  };

  /**
   * Takes in what a `DashboardFeed` of another process tells. False for what is no frame, for one that is
   * older than the last, and for that of more processes than `maxServices`.
   */
  receive(frame: unknown): boolean {
    const { clock = systemClock } = this.#options;
    return this.#remote.take(frame, clock.now());
  }

  on<Name extends keyof DashboardEvents>(event: Name, listener: Listener<DashboardEvents[Name]>): () => void {
    return this.#events.on(event, listener);
  }

  /** How it stands at this moment. */
  snapshot(): DashboardSnapshot {
    const { viewers, dropped } = this.#hub;
    const { clock = systemClock } = this.#options;
    return { name: this.name, viewers, dropped, services: this.#remote.services(clock.now()).length };
  }

  /** How it was made. */
  describe(): Readonly<Record<string, unknown>> {
    return { kind: 'dashboard', name: this.name, ...this.#rules };
  }

  /** Ends what viewers are told, and hears nothing more. */
  close(): void {
    this.#hub.close();
  }

  /** As `close()`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** The path from where it is mounted; `undefined` for another. */
  #below(path: string): string | undefined {
    const { basePath } = this.#rules;
    if (path !== basePath && !path.startsWith(`${basePath}/`)) return undefined;
    return path.slice(basePath.length) || '/';
  }

  async #answer(request: AskedRequest): Promise<WholeAnswer | StreamAnswer> {
    const { mayView } = this.#options;
    try {
      if (mayView !== undefined && (await mayView(request)) !== true) {
        return problemAnswer(403, 'refused', 'you may not look at this');
      }
    } catch {
      return problemAnswer(503, 'authorise', 'it could not be found out who you are');
    }
    return answerOf(request, this.#parts);
  }

  #sagasOf(key: string): SagaSource | undefined {
    const facts = this.#hub.thing(key);
    if (facts?.kind !== 'saga-orchestrator' || facts.instance !== '') return undefined;
    const thing = this.#options.observatory.things().find(({ id }) => id === facts.id);
    return thing?.target as unknown as SagaSource | undefined;
  }

  #join(sink: ViewerSink, lastEventId: string | undefined): (() => void) | undefined {
    const leave = this.#hub.join(sink, lastEventId);
    if (leave === undefined) return undefined;
    this.#tell('joined');
    let there = true;
    return () => {
      if (!there) return;
      there = false;
      leave();
      this.#tell('left');
    };
  }

  #tell(event: 'joined' | 'left' | 'turnedAway'): void {
    if (!this.#events.has(event)) return;
    this.#events.emit(event, { ...this.#stamp(), viewers: this.#hub.viewers });
  }

  #tellActed(what: Omit<DashboardEvents['acted'], 'at' | 'dashboard'>): void {
    const acted = { ...this.#stamp(), ...what };
    this.#events.emit('acted', acted);
    // All who look see what was done, and by whom.
    this.#hub.log.add({
      ...{ at: acted.at, service: this.name, instance: '', id: `dashboard/${this.name}` },
      ...{ kind: 'dashboard', name: this.name, event: 'acted', payload: plainCopy(what) },
    });
  }

  #stamp(): { readonly dashboard: string; readonly at: number } {
    const { clock = systemClock } = this.#options;
    return { dashboard: this.name, at: clock.wall() };
  }
}

/**
 * Makes a dashboard.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 * @example
 * ```ts
 * import { CircuitBreaker } from 'keelson';
 * import { dashboard } from 'keelson/dashboard';
 * import { Observatory } from 'keelson/observe';
 *
 * const observatory = new Observatory({ service: 'shop' });
 * observatory.watch(new CircuitBreaker({ name: 'payments' }));
 * const board = dashboard({ observatory });
 * // createServer(board.handler).listen(8080);
 * const answer = await board.fetch(new Request('http://shop.example/'));
 * answer.headers.get('content-type'); // => 'text/html; charset=utf-8'
 * board.close();
 * ```
 */
export function dashboard(options: DashboardOptions): Dashboard {
  return new Dashboard(options);
}

function splitTarget(target: string): readonly [path: string, search: string] {
  const at = target.indexOf('?');
  return at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at)];
}
