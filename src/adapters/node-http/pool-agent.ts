import { type AgentOptions, type ClientRequest, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent, type AgentOptions as HttpsAgentOptions } from 'node:https';
import type { Duplex } from 'node:stream';

/** Bytes that nobody asked for would be taken for the answer to the next request. */
function destroyNow(this: Duplex): void {
  this.destroy();
}

/** Whether a connection can be kept: nothing has come that belongs to no answer, and nothing will. */
function keep(socket: Duplex): boolean {
  if (socket.readableLength > 0) return false;
  socket.on('data', destroyNow);
  socket.on('end', destroyNow);
  return true;
}

function unwatch(socket: Duplex): void {
  socket.off('data', destroyNow);
  socket.off('end', destroyNow);
}

/** Keeps connections, and ends those on which an upstream speaks without being asked. */
export class PoolAgent extends HttpAgent {
  constructor(options: AgentOptions) {
    super(options);
  }

  override keepSocketAlive(socket: Duplex): boolean {
    // Node answers whether it can be kept; its types say nothing of that.
    return (super.keepSocketAlive(socket) as unknown as boolean) && keep(socket);
  }

  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    unwatch(socket);
    super.reuseSocket(socket, request);
  }
}

/** The same over TLS. */
export class SecurePoolAgent extends HttpsAgent {
  constructor(options: HttpsAgentOptions) {
    super(options);
  }

  override keepSocketAlive(socket: Duplex): boolean {
    return (super.keepSocketAlive(socket) as unknown as boolean) && keep(socket);
  }

  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    unwatch(socket);
    super.reuseSocket(socket, request);
  }
}
