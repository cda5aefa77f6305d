import type { IncomingMessage } from 'node:http';
import type { RequestHead } from '../../gateway/gateway-request.js';
import { certificateOf } from './peer-certificate.js';

/** The head of a request, as the gateway decides on it. */
export function headOf(request: IncomingMessage): RequestHead {
  const { method = '', url = '', httpVersion, rawHeaders, socket } = request;
  return {
    method,
    target: url,
    fields: rawHeaders,
    peer: socket.remoteAddress ?? '',
    version: httpVersion,
    scheme: (socket as { readonly encrypted?: boolean }).encrypted === true ? 'https' : 'http',
    certificate: certificateOf(socket),
    malformed: (request as { readonly malformed?: boolean }).malformed === true,
  };
}
