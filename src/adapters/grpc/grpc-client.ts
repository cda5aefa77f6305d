/** What is read of the metadata of `@grpc/grpc-js`. */
export interface GrpcMetadata {
  /** The values under `key`. */
  get(key: string): readonly unknown[];
  /** Puts one value under `key`. */
  set(key: string, value: string): void;
  /** Another one of the same. */
  clone(): GrpcMetadata;
}

/** How a call ended, as `@grpc/grpc-js` has it. */
export interface GrpcStatus {
  /** 0 where it went well. */
  readonly code: number;
  /** In words. */
  readonly details: string;
  /** The trailing metadata. */
  readonly metadata: GrpcMetadata;
}

/** Who hears what comes of a call. */
export interface GrpcListener {
  onReceiveMetadata(metadata: GrpcMetadata): void;
  onReceiveMessage(message: unknown): void;
  onReceiveStatus(status: GrpcStatus): void;
}

/** A call under way. */
export interface GrpcInnerCall {
  cancelWithStatus(code: number, details: string): void;
  getPeer(): string;
  start(metadata: GrpcMetadata, listener: GrpcListener): void;
  sendMessageWithContext(context: GrpcMessageContext, message: unknown): void;
  startRead(): void;
  halfClose(): void;
  getAuthContext(): unknown;
}

/** What is said beside a message. */
export interface GrpcMessageContext {
  readonly callback?: ((error?: Error | null) => void) | undefined;
  readonly flags?: number | undefined;
}

/** The call of a server as a part of which one of its own is made. */
export interface GrpcParentCall {
  readonly cancelled?: boolean;
  getDeadline(): Date | number;
  on(event: 'cancelled', listener: () => void): unknown;
  off(event: 'cancelled', listener: () => void): unknown;
}

/** How a call is made. */
export interface GrpcCallOptions {
  readonly deadline?: Date | number | undefined;
  readonly parent?: GrpcParentCall | null | undefined;
  readonly propagate_flags?: number | undefined;
  readonly method_definition: {
    readonly path: string;
    readonly requestStream: boolean;
    readonly responseStream: boolean;
  };
}

/** Makes the call that an interceptor stands around. */
export type GrpcNextCall = (options: GrpcCallOptions) => GrpcInnerCall;
