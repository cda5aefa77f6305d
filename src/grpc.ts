export type { GrpcAnswer } from './adapters/grpc/grpc-attempt.js';
export type { GrpcMetadata } from './adapters/grpc/grpc-client.js';
export type { GrpcFailure } from './adapters/grpc/grpc-failure.js';
export {
  type GrpcInterceptor,
  type GrpcInterceptorOptions,
  grpcInterceptor,
} from './adapters/grpc/grpc-interceptor.js';
export { grpcRetryVerdict, grpcVerdict } from './adapters/grpc/grpc-verdict.js';
