import type { Clock } from '../../kernel/clock.js';
import { checkFlag, checkKeys, checkNumber, checkOneOf, given, refuse } from '../../kernel/options.js';
import type { DeadLetters } from '../../messaging/dead-letters.js';
import type { Observatory } from '../observatory.js';
import { type DashboardActionName, dashboardActions } from './action-names.js';
import type { DashboardRequest } from './dashboard-request.js';
import type { DashboardGauge } from './gauge-board.js';

/** Who may act: a name, or an object that has one. */
export type DashboardIdentity = string | { readonly subject: string };

/** What somebody wants to do. */
export interface DashboardAction {
  /** What. */
  readonly action: DashboardActionName;
  /** The id of the thing, as the observatory has it, or the name of the dead letters. */
  readonly target: string;
  /** The saga, for what is done to one. */
  readonly saga?: string;
  /** Its step. */
  readonly step?: string;
  /** Where the dead letter lies. */
  readonly position?: string;
  /** What whoever acts says of it. */
  readonly reason?: string;
}

/** How a dashboard is made. */
export interface DashboardOptions {
  /** What is shown. */
  readonly observatory: Observatory;
  /** Says who may do what: a name, or `false`. Without it nothing can be done. @default nobody may act */
  readonly authorise?: (
    request: DashboardRequest,
    action: DashboardAction,
  ) => DashboardIdentity | false | Promise<DashboardIdentity | false>;
  /** The actions that are offered. @default all, where `authorise` is given */
  readonly actions?: readonly DashboardActionName[];
  /** Says who may look; everybody who reaches the handler, without it. @default everybody */
  readonly mayView?: (request: DashboardRequest) => boolean | Promise<boolean>;
  /** Where it is mounted, for servers that show it the whole path. @default '' */
  readonly basePath?: string;
  /** Hosts that pages may act from besides the one that is asked: for a proxy that changes it. @default [] */
  readonly trustedHosts?: readonly string[];
  /** Shown above all. @default the service */
  readonly title?: string;
  /** Dead letters that can be looked through, by a name of yours. @default {} */
  readonly deadLetters?: Readonly<Record<string, DeadLetters>>;
  /** Whether the data of dead letters is shown to who may look. @default false */
  readonly showData?: boolean;
  /** Numbers of your own, such as how far a group lags behind. @default {} */
  readonly gauges?: Readonly<Record<string, DashboardGauge>>;
  /** How often viewers are told what has changed, in ms. @default 1000 */
  readonly intervalMs?: number;
  /** More viewers than this are refused. @default 100 */
  readonly maxViewers?: number;
  /** What may wait for one viewer, in bytes; one for whom more waits is dropped. @default 1_048_576 */
  readonly maxBufferBytes?: number;
  /** How long anything may wait for a viewer until it is dropped, in ms. @default 30_000 */
  readonly stallMs?: number;
  /** Events that are kept for who comes later. @default 300 */
  readonly maxEvents?: number;
  /** Processes whose feeds are shown. @default 50 */
  readonly maxServices?: number;
  /**
   * What proves that a request comes from this page; one for all processes behind one address.
   * @default a new one
   */
  readonly secret?: string;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

/** What a dashboard goes by. */
export interface DashboardRules {
  readonly title: string;
  readonly basePath: string;
  readonly intervalMs: number;
  readonly maxViewers: number;
  readonly maxBufferBytes: number;
  readonly stallMs: number;
  readonly maxEvents: number;
  readonly maxServices: number;
  readonly showData: boolean;
  readonly actions: readonly DashboardActionName[];
  readonly trustedHosts: readonly string[];
}

export const dashboardDefaults: {
  readonly basePath: string;
  readonly intervalMs: number;
  readonly maxViewers: number;
  readonly maxBufferBytes: number;
  readonly stallMs: number;
  readonly maxEvents: number;
  readonly maxServices: number;
  readonly showData: boolean;
} = /* @__PURE__ */ Object.freeze({
  basePath: '',
  intervalMs: 1_000,
  maxViewers: 100,
  maxBufferBytes: 1_048_576,
  stallMs: 30_000,
  maxEvents: 300,
  maxServices: 50,
  showData: false,
});

const owner = 'Dashboard';
const functions = ['authorise', 'mayView'] as const;
const known = (): string[] => [
  ...['observatory', 'actions', 'trustedHosts', 'title', 'deadLetters', 'gauges', 'secret', 'clock'],
  ...functions,
  ...Object.keys(dashboardDefaults),
];
const MOST_NAMED = 100;

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkDashboard(options: DashboardOptions): DashboardRules {
  checkKeys(owner, options, known());
  const { observatory, title = observatory?.service, secret, trustedHosts = [] } = options;
  if (typeof observatory?.onEvent !== 'function') {
    refuse(owner, 'observatory', 'an Observatory', observatory);
  }
  for (const name of functions) {
    if (options[name] !== undefined && typeof options[name] !== 'function') {
      refuse(owner, name, 'a function', options[name]);
    }
  }
  if (typeof title !== 'string') refuse(owner, 'title', 'a string', title);
  if (secret !== undefined && (typeof secret !== 'string' || secret.length < 16)) {
    // Not shown in the message: it is one.
    refuse(owner, 'secret', 'a string of at least 16 characters', '…');
  }
  checkNamed('deadLetters', options.deadLetters, one => typeof (one as DeadLetters)?.list === 'function');
  checkNamed('gauges', options.gauges, one => typeof one === 'function');
  if (!Array.isArray(trustedHosts) || !trustedHosts.every(host => typeof host === 'string' && host !== '')) {
    refuse(owner, 'trustedHosts', 'a list of hosts', trustedHosts);
  }
  const rules = { ...dashboardDefaults, ...given(options) } as DashboardRules;
  checkBounds(rules);
  return { ...rules, title, trustedHosts, actions: checkActions(options) };
}

function checkBounds(rules: DashboardRules): void {
  const { basePath } = rules;
  if (typeof basePath !== 'string' || !/^(\/[\w.~-]+)*$/.test(basePath)) {
    refuse(owner, 'basePath', 'a path such as /ops/dashboard, without a slash at its end', basePath);
  }
  checkNumber(owner, 'intervalMs', rules.intervalMs, { min: 50, max: 60_000 });
  checkNumber(owner, 'maxViewers', rules.maxViewers, { min: 1, max: 10_000, integer: true });
  checkNumber(owner, 'maxBufferBytes', rules.maxBufferBytes, { min: 1_024, integer: true });
  checkNumber(owner, 'stallMs', rules.stallMs, { above: 0 });
  checkNumber(owner, 'maxEvents', rules.maxEvents, { min: 1, max: 100_000, integer: true });
  checkFlag(owner, 'showData', rules.showData);
  checkNumber(owner, 'maxServices', rules.maxServices, { min: 0, max: 1_000, integer: true });
}

function checkActions({ actions, authorise }: DashboardOptions): readonly DashboardActionName[] {
  if (actions === undefined) return authorise === undefined ? [] : dashboardActions;
  if (!Array.isArray(actions)) refuse(owner, 'actions', 'a list of actions', actions);
  for (const action of actions) checkOneOf(owner, 'actions', action, dashboardActions);
  if (actions.length > 0 && authorise === undefined) {
    throw new TypeError(`${owner}: \`actions\` need \`authorise\`, which says who may`);
  }
  return actions;
}

function checkNamed(option: string, named: unknown, fits: (one: unknown) => boolean): void {
  if (named === undefined) return;
  const isObject = typeof named === 'object' && named !== null && !Array.isArray(named);
  const values = isObject ? Object.values(named) : [];
  if (!isObject || values.length > MOST_NAMED || !values.every(fits)) {
    refuse(owner, option, `an object of at most ${MOST_NAMED}, each of its kind`, named);
  }
}
