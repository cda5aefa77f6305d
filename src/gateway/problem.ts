/** An answer that the gateway gives by itself: a status, fields in turn of name and value, and a body. */
export interface GatewayAnswer {
  /** The status. */
  readonly status: number;
  /** Name, value, name, value … */
  readonly fields: readonly string[];
  /** Empty where it is left out. */
  readonly body?: string | Uint8Array | undefined;
  /** Whether the connection ends with it, for nobody can tell what comes next. @default false */
  readonly close?: boolean;
}

const titles: Readonly<Record<number, string>> = {
  ...{
    400: 'Bad Request',
    401: 'Unauthorized',
    403: 'Forbidden',
    404: 'Not Found',
    405: 'Method Not Allowed',
  },
  ...{ 408: 'Request Timeout', 413: 'Content Too Large', 414: 'URI Too Long', 417: 'Expectation Failed' },
  ...{ 415: 'Unsupported Media Type', 422: 'Unprocessable Content' },
  ...{ 421: 'Misdirected Request', 429: 'Too Many Requests', 431: 'Request Header Fields Too Large' },
  ...{ 500: 'Internal Server Error', 501: 'Not Implemented', 502: 'Bad Gateway', 503: 'Service Unavailable' },
  ...{ 504: 'Gateway Timeout', 505: 'HTTP Version Not Supported', 508: 'Loop Detected' },
};

/** What a status is called. */
export const titleOf = (status: number): string => titles[status] ?? 'Error';

/** What may be said besides. */
export interface ProblemFacts {
  readonly fields?: readonly string[] | undefined;
  readonly close?: boolean | undefined;
  /** When another try may make sense, in ms; becomes `Retry-After`. */
  readonly retryAfterMs?: number | undefined;
  readonly more?: Readonly<Record<string, unknown>> | undefined;
}

/** An error as RFC 9457 has it. `detail` is for whoever asked: no word of the upstream, no stack. */
export function problem(status: number, detail: string, facts: ProblemFacts = {}): GatewayAnswer {
  const { fields = [], close = false, retryAfterMs, more } = facts;
  const waitS = retryAfterMs === undefined ? undefined : Math.max(1, Math.ceil(retryAfterMs / 1000));
  const retry = waitS === undefined ? [] : ['Retry-After', String(Math.min(waitS, 86_400))];
  return {
    status,
    fields: ['Content-Type', 'application/problem+json', 'Cache-Control', 'no-store', ...retry, ...fields],
    body: JSON.stringify({ title: titleOf(status), status, detail, ...more }),
    close,
  };
}
