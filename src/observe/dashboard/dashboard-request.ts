/** A request, as the functions of a dashboard see it. */
export interface DashboardRequest {
  /** Its method. */
  readonly method: string;
  /** Its path, with what the server has taken away from it gone. */
  readonly path: string;
  /** A field by its name in any case; `undefined` without it. */
  header(name: string): string | undefined;
  /** The request as your server has it: an `IncomingMessage`, or a `Request`. */
  readonly raw: unknown;
}

/** A request with all that is needed to answer it. */
export interface AskedRequest extends DashboardRequest {
  readonly query: URLSearchParams;
  /** The body, at most so many bytes of it. @throws RangeError for more. */
  body(maxBytes: number): Promise<string>;
}

/** An answer that is all there. */
export interface WholeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const securityHeaders: Readonly<Record<string, string>> = /* @__PURE__ */ Object.freeze({
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
});

/** What is said with data, which no browser may take for a page. */
const inert = "default-src 'none'; frame-ancestors 'none'; sandbox";

/** The fields of an answer, with those that keep browsers from taking it for what it is not. */
export function headersOf(type: string, policy: string = inert): Record<string, string> {
  return { ...securityHeaders, 'content-type': type, 'content-security-policy': policy };
}

export function jsonAnswer(data: unknown, headers: Readonly<Record<string, string>> = {}): WholeAnswer {
  return {
    status: 200,
    headers: { ...headersOf('application/json'), ...headers },
    body: JSON.stringify(data),
  };
}

/** What went wrong, as RFC 9457 has it. `code` is for the page. */
export function problemAnswer(
  status: number,
  code: string,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): WholeAnswer {
  return {
    status,
    headers: { ...headersOf('application/problem+json'), ...headers },
    body: JSON.stringify({ status, code, detail }),
  };
}
