/** How a request ended. `cut`: the answer broke off; `gone`: the client left before its end. */
export type RequestOutcome = 'answered' | 'cut' | 'gone' | 'upgraded';

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
  /** The routes were replaced. */
  replaced: { readonly gateway: string; readonly at: number; readonly routes: number };
}
