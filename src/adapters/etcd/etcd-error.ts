/** The codes of gRPC that something hangs on. */
export const etcdCodes = { notFound: 5, unavailable: 14, unauthenticated: 16 } as const;

/** What an etcd has answered in place of what was asked; or that it has not. */
export class EtcdError extends Error {
  /** A code of gRPC; `undefined` where there was no answer, or none that is understood. */
  readonly code: number | undefined;

  constructor(message: string, code?: number, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  override get name(): string {
    return 'EtcdError';
  }
}

/** What the gateway says of an error, in either of its two forms. */
export function readEtcdError(status: number, text: string): EtcdError {
  try {
    const answer = JSON.parse(text) as { readonly error?: unknown } & EtcdProblem;
    const inner = answer.error;
    const { message, code, grpc_code } = (typeof inner === 'object' && inner ? inner : answer) as EtcdProblem;
    const words = typeof message === 'string' ? message : String(inner);
    return new EtcdError(words.slice(0, 500), Number(grpc_code ?? code) || undefined);
  } catch {
    return new EtcdError(`etcd: status ${status}`);
  }
}

interface EtcdProblem {
  readonly message?: unknown;
  readonly code?: unknown;
  readonly grpc_code?: unknown;
}
