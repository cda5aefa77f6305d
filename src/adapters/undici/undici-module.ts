/** What is used of the package `undici`; pass the module. */
export interface Undici {
  /** Its class of that name. */
  readonly Agent: new (
    options: never,
  ) => UndiciAgent;
  /** Its function of that name. */
  readonly buildConnector: (options: never) => (options: never, callback: never) => unknown;
}

/** What is used of its `Agent`. */
export interface UndiciAgent {
  /** Sends a request. */
  dispatch(options: never, handler: never): boolean;
  /** Ends all connections. */
  destroy(error: Error): Promise<void>;
}

/** A request under way, as undici hands it to its handler. */
export interface UndiciController {
  /** Since 7.28: the fields as they came, also of an answer of another protocol. */
  readonly rawHeaders?: readonly (Uint8Array | string)[] | null | undefined;
  readonly rawTrailers?: readonly (Uint8Array | string)[] | null | undefined;
  abort(reason: Error): void;
  pause(): void;
  resume(): void;
}

/** Who hears of a request. */
export interface UndiciHandler {
  onRequestStart(controller: UndiciController, context?: unknown): void;
  onRequestUpgrade(controller: UndiciController, status: number, fields: unknown, socket: unknown): void;
  onResponseStart(controller: UndiciController, status: number, fields: unknown, reason?: string): void;
  onResponseData(controller: UndiciController, chunk: Uint8Array): void;
  onResponseEnd(controller: UndiciController, trailers?: unknown): void;
  onResponseError(controller: UndiciController, error: Error): void;
}

/** Connects to an upstream, as undici asks for it. */
export type UndiciConnect = (
  options: { readonly hostname: string; readonly servername?: string | null },
  callback: (error: Error | null, socket: unknown) => void,
) => unknown;
