/** How a request ended. `cut`: the answer broke off; `gone`: the client left before its end. */
export type RequestOutcome = 'answered' | 'cut' | 'gone' | 'upgraded';

/**
 * How a request was answered where a route keeps answers: with one that was fresh, or stale; with one that
 * the upstream has said to be good still; with that of another request; by the upstream; or without the
 * cache.
 */
export type CacheVerdict = 'hit' | 'stale' | 'revalidated' | 'joined' | 'miss' | 'bypass';

/** Where a request stands in its trace. */
export interface RequestTrace {
  /** 32 hex digits, the same for the whole trace. */
  readonly traceId: string;
  /** 16 hex digits: this gateway, for what it asks. */
  readonly spanId: string;
  /** Who asked the gateway; `undefined` where the trace begins here. */
  readonly parentId: string | undefined;
  /** Whether it is to be recorded. */
  readonly sampled: boolean;
}

/** What can be listened to by `on`; `at` is the wall clock, in ms since the epoch. */
export interface GatewayEvents {
  /** A request is over: what an access log writes down. */
  completed: {
    readonly gateway: string;
    readonly at: number;
    /** Its id; empty where its head could not be read. */
    readonly id: string;
    readonly method: string;
    /** The path in its one form; the target where it has none. */
    readonly path: string;
    /** The route; empty where there is none. */
    readonly route: string;
    /** The status that was sent; 499 where the client left before, 0 where nothing could be sent. */
    readonly status: number;
    readonly outcome: RequestOutcome;
    /** From the head to the end, in ms. */
    readonly tookMs: number;
    /** The address of the client. */
    readonly ip: string;
    /** Who asked; `undefined` where nobody was asked. */
    readonly subject: string | undefined;
    /** Where it went; `undefined` where it was answered here. */
    readonly upstream: string | undefined;
    /** The side of a split; `undefined` where the route has none. */
    readonly side: string | undefined;
    /** How the cache of the route had a part in it; `undefined` where it has none. */
    readonly cache: CacheVerdict | undefined;
    /** Its place in its trace; `undefined` where the gateway traces nothing. */
    readonly trace: RequestTrace | undefined;
  };
  /** An upstream could not be asked, or broke off. */
  upstreamFailed: {
    readonly gateway: string;
    readonly at: number;
    readonly id: string;
    readonly route: string;
    readonly upstream: string;
    readonly error: unknown;
  };
  /** A copy of a request is over. */
  mirrored: {
    readonly gateway: string;
    readonly at: number;
    /** That of the request. */
    readonly id: string;
    readonly route: string;
    /** Where the copy went; empty where it went nowhere. */
    readonly upstream: string;
    /** What it was answered with; 0 where it was not. */
    readonly status: number;
    /** Until the head of the answer, in ms. */
    readonly tookMs: number;
    /** Why it was not answered. */
    readonly error: unknown;
  };
  /** A copy of a request was not made. */
  mirrorDropped: {
    readonly gateway: string;
    readonly at: number;
    readonly id: string;
    readonly route: string;
    /** Too many at a time, too large a body, or a body that did not come to its end. */
    readonly reason: 'inFlight' | 'body' | 'gone';
  };
  /**
   * An authenticator threw, or gave no identity: nobody could tell who asked, and the request got 503. Where
   * nobody listens, the first failure of each authenticator is written to the console.
   */
  authenticatorFailed: {
    readonly gateway: string;
    readonly at: number;
    readonly id: string;
    readonly route: string;
    /** Its name. */
    readonly authenticator: string;
    readonly error: unknown;
  };
  /**
   * A limit could not count a request: its store failed, or its `by` threw. Where nobody listens, the first
   * failure of each is written to the console.
   */
  limitFailed: {
    readonly gateway: string;
    readonly at: number;
    readonly id: string;
    readonly route: string;
    /** Its name. */
    readonly limit: string;
    readonly part: 'by' | 'store';
    readonly error: unknown;
  };
  /**
   * The `by` of a split threw, and chance chose the side. Where nobody listens, the first failure of each
   * route is written to the console.
   */
  splitFailed: {
    readonly gateway: string;
    readonly at: number;
    readonly id: string;
    readonly route: string;
    readonly error: unknown;
  };
  /**
   * The function of a route threw, or answered what is no answer, and the request got 500. Where nobody
   * listens, the first failure of each route is written to the console.
   */
  functionFailed: {
    readonly gateway: string;
    readonly at: number;
    readonly id: string;
    readonly route: string;
    readonly error: unknown;
  };
  /** The routes were replaced. */
  replaced: { readonly gateway: string; readonly at: number; readonly routes: number };
}

const all = /* @__PURE__ */ Object.freeze({
  completed: true,
  upstreamFailed: true,
  authenticatorFailed: true,
  limitFailed: true,
  splitFailed: true,
  functionFailed: true,
  mirrored: true,
  mirrorDropped: true,
  replaced: true,
} satisfies Record<keyof GatewayEvents, true>);

/** The names of all of them: one that is left out does not compile. */
export const eventNames = (): readonly (keyof GatewayEvents)[] => Object.keys(all) as (keyof GatewayEvents)[];
