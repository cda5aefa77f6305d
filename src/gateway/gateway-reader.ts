import { checkKeys } from '../kernel/options.js';
import { newHexId } from '../kernel/random.js';
import { ConfigBudgets } from '../resilience/config-budgets.js';
import { copyOfData } from '../resilience/config-data.js';
import { ConfigError, type ConfigProblem } from '../resilience/config-error.js';
import { makeOf } from '../resilience/config-making.js';
import { ConfigProblems } from '../resilience/config-problems.js';
import { isFields } from '../resilience/config-values.js';
import type { RetryBudget } from '../resilience/retry-budget.js';
import { authenticatorsIn } from './config-authenticators.js';
import { ConfigReferences } from './config-references.js';
import { type ConfigRoom, entriesOf, type Fields, plainly, tellValue } from './config-room.js';
import { RouteReader } from './config-routes.js';
import { servicesOf } from './config-services.js';
import { ConfigText } from './config-text.js';
import { planCors } from './cors.js';
import { type GatewayExtras, gatewayExtraNames } from './gateway-extras.js';
import { type GatewayOptions, type GatewayPlan, planGateway } from './gateway-options.js';
import type { GatewayRoute } from './gateway-route.js';
import { dataText, KeptParts } from './kept-parts.js';

/** What belongs to routes: all else is settled when the gateway begins. */
const ofConfig = ['$schema', 'authenticators', 'pipelines', 'budgets'];
const ofRoutes = [...ofConfig, 'routes', 'services', 'auth', 'cors'];

/** A config that is right, as options. */
export interface GatewayReading {
  readonly options: GatewayOptions;
  /** The fields that the server of the gateway takes. */
  readonly beside: Fields;
  /** What cannot change while the gateway runs, by field, as JSON. */
  readonly settled: ReadonlyMap<string, string | undefined>;
  /** The same mistakes, as they are told of this config. */
  told(problems: readonly ConfigProblem[]): readonly ConfigProblem[];
}

/**
 * Reads configs of one gateway, one after another. What two in a row say alike is the same thing in both:
 * breakers, budgets, services and authenticators keep what they know.
 */
export class GatewayReader {
  readonly #owner: string;
  readonly #extras: GatewayExtras;
  readonly #kept = new KeptParts();
  readonly #via = `keelson-${newHexId(4)}`;

  /** @throws TypeError for extras that nobody knows; `beside` are fields that the server takes. */
  constructor(owner: string, extras: GatewayExtras, beside: readonly string[] = []) {
    checkKeys(owner, extras, [...gatewayExtraNames(), ...beside]);
    this.#owner = owner;
    this.#extras = extras;
  }

  /**
   * @param check is given the fields of the server, and the problems to tell of them.
   * @throws ConfigError with all that is wrong.
   */
  read(
    config: unknown,
    serverFields: readonly string[],
    check: (beside: Fields, problems: ConfigProblems) => void,
  ): GatewayReading {
    const text = typeof config === 'string' ? new ConfigText(config, this.#extras.yaml) : undefined;
    const problems = new ConfigProblems();
    const references = new ConfigReferences(this.#extras.env ?? {}, problems);
    const told = (list: readonly ConfigProblem[]): readonly ConfigProblem[] => {
      const hidden = references.hide(list);
      return text === undefined ? hidden : text.locate(hidden);
    };
    const end = (): void => {
      if (problems.told > 0) throw new ConfigError(told(problems.list));
    };
    const value = text === undefined ? config : text.value;
    if (!isFields(value)) problems.tell(this.#owner, 'must be given an object');
    end();
    const copy = copyOfData(value, (path, says) => problems.tell(path, says));
    end();
    const whole = references.resolve(copy) as Fields;
    end();
    this.#kept.begin();
    const room: ConfigRoom = { extras: this.#extras, problems, references, kept: this.#kept };
    const { options, beside } = this.#options(whole, serverFields, room);
    check(beside, problems);
    end();
    const rest = Object.entries(whole).filter(([field]) => !ofRoutes.includes(field));
    const settled = new Map(rest.map(([field, one]) => [field, dataText(one)]));
    return { options, beside, settled, told };
  }

  /** What was read last is what the gateway goes by. */
  commit(): void {
    this.#kept.commit();
  }

  #options(
    whole: Fields,
    serverFields: readonly string[],
    room: ConfigRoom,
  ): { readonly options: GatewayOptions; readonly beside: Fields } {
    const own: Record<string, unknown> = {};
    const beside: Record<string, unknown> = {};
    for (const [field, value] of Object.entries(whole)) {
      if (value === null && field !== 'maxBodyBytes') tellValue(room, field, 'left out, or a value', null);
      if (serverFields.includes(field)) beside[field] = value;
      else if (!ofRoutes.includes(field))
        own[field] = field === 'maxBodyBytes' && value === null ? Infinity : value;
    }
    const services = { ...servicesOf(whole['services'], room), ...this.#extras.services };
    const found = authenticatorsIn(whole['authenticators'], room);
    const authenticators = { ...found, ...this.#extras.authenticators };
    const { clock, check } = this.#extras;
    const { $schema = '' } = whole;
    if (typeof $schema !== 'string') tellValue(room, '$schema', 'a text', $schema);
    if (isFields(own['health'])) {
      if ('check' in own['health']) room.problems.tell('health.check', 'is no data: give it as extras.check');
      else if (check !== undefined) own['health'] = { ...own['health'], check };
    }
    if ('clock' in own) {
      room.problems.tell('clock', 'is no data: give it as extras.clock');
      Reflect.deleteProperty(own, 'clock');
    }
    Object.assign(own, { via: own['via'] ?? this.#via, ...(clock && { clock }) });
    const plan = this.#plan(own, whole, [...ofConfig, ...serverFields], room);
    if (plan === undefined) return { options: { routes: [] }, beside };
    const budgets = this.#budgets(whole['budgets'], room);
    const extras = { ...this.#extras, budgets: { ...budgets, ...this.#extras.budgets } };
    const parts = { services, authenticators, budgets: whole['budgets'] };
    const routes = this.#routes({ ...room, extras }, whole, { ...parts, plan });
    return { options: { ...(own as unknown as GatewayOptions), services, routes }, beside };
  }

  #routes(
    room: ConfigRoom,
    whole: Fields,
    parts: Omit<ConstructorParameters<typeof RouteReader>[1], 'pipelines'>,
  ): readonly GatewayRoute[] {
    const { pipelines = {}, auth } = whole;
    const cors = this.#cors(whole['cors'], room);
    if (!isFields(pipelines)) {
      tellValue(room, 'pipelines', 'an object of lists of policies', pipelines);
      return [];
    }
    const reader = new RouteReader(room, { ...parts, pipelines });
    // Those that no route names are to be right as well.
    for (const name of Object.keys(pipelines)) reader.policyOf(name, `pipelines.${name}`, name);
    const all = auth === undefined ? undefined : reader.auth(auth, 'auth');
    // Each route says it for itself, so that the next config can say something else.
    const defaults = { ...(all && { auth: all }), ...(cors !== undefined && { cors }) };
    return reader.routes(whole['routes'], defaults);
  }

  #plan(
    own: Record<string, unknown>,
    whole: Fields,
    beside: readonly string[],
    { problems }: ConfigRoom,
  ): GatewayPlan | undefined {
    const make = (left: Fields): GatewayPlan => plainly(() => planGateway(left as unknown as GatewayOptions));
    return makeOf({ options: own, entry: whole, path: '', beside, make }, problems);
  }

  /** The rules for pages, where they are right. */
  #cors(cors: unknown, { problems }: ConfigRoom): unknown {
    if (cors === undefined) return undefined;
    const make = (left: Fields): unknown => {
      plainly(() => planCors('gateway', left['cors'] as never));
      return left['cors'];
    };
    return makeOf({ options: { cors }, entry: { cors }, path: '', make }, problems);
  }

  #budgets(value: unknown, room: ConfigRoom): Record<string, RetryBudget> {
    const made: [string, RetryBudget][] = [];
    for (const [name, entry, path] of entriesOf(value, 'budgets', room)) {
      const make = () => new ConfigBudgets(this.#extras).make(entry, path, room.problems, name);
      const budget = room.kept.of(`budget ${name}`, entry, make);
      if (budget !== undefined) made.push([name, budget]);
    }
    return Object.fromEntries(made);
  }
}
