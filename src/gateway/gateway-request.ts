import { type IpAddress, showIp } from '../core/ip-range.js';
import type { RequestFacts } from '../core/request-fields.js';
import type { RequestHost } from '../core/route-target.js';
import type { CacheVerdict, RequestTrace } from './gateway-events.js';

/** What a client has shown of itself, in a TLS connection that verified it. */
export interface ClientCertificate {
  /** Its subject as RFC 4514 writes it, such as `CN=ada,O=shop`. */
  readonly subject: string;
  /** The SHA-256 of all of it, in hex. */
  readonly fingerprint: string;
}

/** The head of a request, as a server hands it to the gateway. */
export interface RequestHead {
  /** The method, as it came. */
  readonly method: string;
  /** The request target, as it came. */
  readonly target: string;
  /** That of HTTP; only `1.0`, `1.1` and `2` are taken. */
  readonly version: string;
  /** Name, value, name, value … as they came. */
  readonly fields: readonly string[];
  /** The address of who is connected. */
  readonly peer: string;
  /** How it is connected. */
  readonly scheme: 'http' | 'https';
  /** Whether its pseudo-header fields, in HTTP/2, are none. @default false */
  readonly malformed?: boolean;
  /** The certificate of who is connected, where it was verified. */
  readonly certificate?: ClientCertificate | undefined;
}

/** Who asks, as an authenticator found out. */
export interface Identity {
  /** Who it is: a user, a service, the owner of a key. Not empty. */
  readonly subject: string;
  /** What it may do. @default [] */
  readonly scopes?: readonly string[];
  /** What else is known of it. @default {} */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** A request, as the functions of a gateway see it. */
export interface GatewayRequest {
  /** Its id: that of a trusted peer, or a new one. */
  readonly id: string;
  /** The method. */
  readonly method: string;
  /** The path in its one form: the one that was matched, and that goes to the upstream. */
  readonly path: string;
  /** The query with its `?`, byte for byte; empty without one. */
  readonly query: string;
  /** The host that was asked, in lower case and without a port; empty where there was none. */
  readonly host: string;
  /** How the client came: that of the connection, or what a trusted peer says. */
  readonly scheme: 'http' | 'https';
  /** The address of the client: that of the connection, or what trusted peers say. */
  readonly ip: string;
  /** The name of the route. */
  readonly route: string;
  /** What stands at the names of the pattern, in its one form. */
  readonly params: Readonly<Record<string, string>>;
  /** The certificate of who is connected; `undefined` where none was verified. */
  readonly certificate: ClientCertificate | undefined;
  /** Who asks; `undefined` where the route asks nobody. */
  readonly identity: Identity | undefined;
  /** Name, value, name, value … as they came. */
  readonly fields: readonly string[];
  /** A field by its name in any case, with `, ` between more than one; `undefined` without it. */
  header(name: string): string | undefined;
}

const noParams: Readonly<Record<string, string>> = /* @__PURE__ */ Object.freeze({});

/** A request on its way: what is found out is added as it goes. */
export class IncomingCall implements GatewayRequest {
  readonly head: RequestHead;
  readonly facts: RequestFacts;
  id = '';
  path = '/';
  query = '';
  readonly hostAndPort: RequestHost | undefined;
  scheme: 'http' | 'https';
  address: IpAddress | undefined;
  /** Whether the peer is one whose word counts. */
  trusted = false;
  route = '';
  params = noParams;
  identity: Identity | undefined = undefined;
  /** The side of a split that it was given. */
  side: string | undefined = undefined;
  /** How it was answered by a cache. */
  cache: CacheVerdict | undefined = undefined;
  /** Where it stands in its trace, and what upstreams are told of it; name, value, name, value … */
  trace: RequestTrace | undefined = undefined;
  traceFields: readonly string[] = [];
  /** Fields that every answer to it has. */
  readonly extra: string[] = [];
  /** Fields that are not handed on: those that said who asks. In lower case, with `-` for `_`. */
  spent: readonly string[] = [];

  constructor(head: RequestHead, facts: RequestFacts, host: RequestHost | undefined) {
    this.head = head;
    this.facts = facts;
    this.hostAndPort = host;
    this.scheme = head.scheme;
  }

  get certificate(): ClientCertificate | undefined {
    return this.head.certificate;
  }

  get method(): string {
    return this.head.method;
  }

  get fields(): readonly string[] {
    return this.head.fields;
  }

  get host(): string {
    return this.hostAndPort?.name ?? '';
  }

  get ip(): string {
    return this.address === undefined ? '' : showIp(this.address);
  }

  header(name: string): string | undefined {
    const lower = name.toLowerCase();
    const { names } = this.facts;
    let found: string | undefined;
    for (let at = names.indexOf(lower); at >= 0; at = names.indexOf(lower, at + 1)) {
      const value = this.head.fields[at * 2 + 1]!;
      found = found === undefined ? value : `${found}, ${value}`;
    }
    return found;
  }

  /** Whether it has a body, as far as its fields say. */
  get hasBody(): boolean {
    return this.facts.chunked || (this.facts.length ?? 0) > 0;
  }
}
