import { connect, type TLSSocket } from 'node:tls';

/** A frame of HTTP/2. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export const TYPE = {
  ...{ data: 0, headers: 1, priority: 2, reset: 3, settings: 4, goaway: 7, window: 8 },
} as const;
const ACK = 1;
const END_HEADERS = 4;
const END_STREAM = 1;

const short = (text: string): Buffer => {
  if (text.length > 126) throw new Error('a literal of so many characters is not written here');
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')]);
};
/** Fields as literals that are not indexed: RFC 7541, 6.2.2. */
const block = (fields: readonly (readonly [string, string])[]): Buffer =>
  Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), short(name), short(value)]));

/** The pseudo-header fields of a request that is right. */
export const pseudo = (path = '/a', method = 'GET'): [string, string][] => [
  [':method', method],
  [':scheme', 'https'],
  [':authority', 'h.test'],
  [':path', path],
];

/** A client that sends what Node's own refuses to send. */
export class RawHttp2 {
  readonly frames: Frame[] = [];
  ended = false;
  readonly #socket: TLSSocket;
  #rest = Buffer.alloc(0);
  #next = 1;

  constructor(port: number, ca: string) {
    this.#socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca, ALPNProtocols: ['h2'] });
    this.#socket.on('data', chunk => this.#read(chunk));
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.ended = true;
    });
    this.#socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    this.send(TYPE.settings, 0, 0);
  }

  static bytes(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array()): Buffer {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head.writeUInt8(type, 3);
    head.writeUInt8(flags, 4);
    head.writeUInt32BE(stream, 5);
    return Buffer.concat([head, payload]);
  }

  send(type: number, flags: number, stream: number, payload?: Uint8Array): void {
    this.#socket.write(RawHttp2.bytes(type, flags, stream, payload));
  }

  /** Begins a request; returns its stream. */
  ask(fields: readonly (readonly [string, string])[], ended = true): number {
    const stream = this.#next;
    this.#next += 2;
    this.send(TYPE.headers, END_HEADERS | (ended ? END_STREAM : 0), stream, block(fields));
    return stream;
  }

  reset(stream: number, code: number): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(code);
    this.send(TYPE.reset, 0, stream, payload);
  }

  /** Whether the other side has ended a stream. */
  isOver(stream: number): boolean {
    const last = ({ type, flags }: Frame): boolean =>
      type === TYPE.reset || ((type === TYPE.data || type === TYPE.headers) && (flags & END_STREAM) !== 0);
    return this.frames.some(frame => frame.stream === stream && last(frame));
  }

  /** Sends frames as one, so that they are read as one. */
  corked(write: () => void): void {
    this.#socket.cork();
    write();
    this.#socket.uncork();
  }

  /** Reads nothing any more. */
  pause(): void {
    this.#socket.pause();
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 9) {
      const end = 9 + this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < end) return;
      const [type, flags] = [this.#rest.readUInt8(3), this.#rest.readUInt8(4)];
      const stream = this.#rest.readUInt32BE(5) & 0x7f_ff_ff_ff;
      this.frames.push({ type, flags, stream, payload: this.#rest.subarray(9, end) });
      if (type === TYPE.settings && (flags & ACK) === 0) this.send(TYPE.settings, ACK, 0);
      this.#rest = this.#rest.subarray(end);
    }
  }
}
