import { forwardedNode, forwardedValue, hasVia, passFields } from '../core/hop-fields.js';
import { isFieldValue } from '../core/request-fields.js';
import type { ClientCertificate, IncomingCall } from './gateway-request.js';

/** What the gateway itself says to upstreams, and takes from nobody. */
export interface ForwardRules {
  /** Its name in `Via`. */
  readonly via: string;
  readonly requestIdField: string;
  readonly deadlineField: string | undefined;
  /** What marks a copy; in lower case. */
  readonly mirrorField: string;
  readonly subjectField: string | undefined;
  readonly scopesField: string | undefined;
  readonly certSubjectField: string | undefined;
  readonly fingerprintField: string | undefined;
  /** Claims that are handed on: field and claim. */
  readonly claimFields: readonly (readonly [field: string, claim: string])[];
  /** All fields that a client can never set, in lower case with `-` for `_`. */
  readonly own: ReadonlySet<string>;
}

/** Fields that say how a request came here; and those by which some servers take another path. */
const REPLACED = /* @__PURE__ */ new Set([
  ...['host', 'content-length', 'expect', 'via', 'forwarded', 'x-forwarded-for', 'x-forwarded-proto'],
  ...[
    'x-forwarded-host',
    'x-forwarded-port',
    'x-forwarded-prefix',
    'x-forwarded-server',
    'x-forwarded-scheme',
  ],
  ...['x-forwarded-ssl', 'x-real-ip', 'true-client-ip', 'x-client-ip', 'x-original-url', 'x-rewrite-url'],
  ...['x-original-host', 'x-host', 'client-cert', 'client-cert-chain', 'x-forwarded-client-cert'],
]);

/** A value that a field can hold, whatever it was. */
const safe = (text: string): string => (/^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text));

function valuesOf(call: IncomingCall, name: string): string[] {
  const { names } = call.facts;
  return names.flatMap((one, at) => (one === name ? [call.fields[at * 2 + 1]!] : []));
}

/** Whether the request has been here before. */
export function isLoop(call: IncomingCall, rules: ForwardRules): boolean {
  return call.facts.names.includes('via') && hasVia(valuesOf(call, 'via'), rules.via);
}

function whereFrom(call: IncomingCall): string[] {
  const { hostAndPort, trusted } = call;
  const peer = call.head.peer.replace(/^::ffff:(?=\d+\.)/i, '');
  const before = (name: string): string => {
    const values = trusted ? valuesOf(call, name).join(', ') : '';
    return values === '' ? '' : `${values}, `;
  };
  const port = hostAndPort?.port === undefined ? '' : `:${hostAndPort.port}`;
  const host = hostAndPort === undefined ? '' : hostAndPort.name + port;
  const told = trusted ? (call.header('x-forwarded-host')?.split(',').at(-1)?.trim() ?? host) : host;
  const parts = [`for=${forwardedNode(peer)}`, ...(host === '' ? [] : [`host=${forwardedValue(host)}`])];
  const fields = [
    ...['Forwarded', `${before('forwarded')}${parts.join(';')};proto=${call.head.scheme}`],
    ...['X-Forwarded-For', `${before('x-forwarded-for')}${peer === '' ? 'unknown' : peer}`],
    ...['X-Forwarded-Proto', call.scheme],
  ];
  return told === '' ? fields : [...fields, 'X-Forwarded-Host', told];
}

/** What an upstream is told of who asks. Name, value, name, value … */
export function whoAsks(call: IncomingCall, rules: ForwardRules): string[] {
  const { identity } = call;
  if (identity === undefined) return [];
  const fields: string[] = [];
  if (rules.subjectField !== undefined) fields.push(rules.subjectField, safe(identity.subject));
  if (rules.scopesField !== undefined && identity.scopes !== undefined) {
    fields.push(rules.scopesField, safe(identity.scopes.join(' ')));
  }
  for (const [field, claim] of rules.claimFields) {
    const value = Object.hasOwn(identity.claims ?? {}, claim) ? identity.claims![claim] : undefined;
    if (value === undefined) continue;
    fields.push(field, safe(typeof value === 'string' ? value : JSON.stringify(value)));
  }
  return fields;
}

function whoIsConnected(certificate: ClientCertificate, rules: ForwardRules): string[] {
  const { certSubjectField, fingerprintField } = rules;
  const subject = certSubjectField === undefined ? [] : [certSubjectField, safe(certificate.subject)];
  return fingerprintField === undefined ? subject : [...subject, fingerprintField, certificate.fingerprint];
}

/**
 * The fields of a request for its upstream, but for `Host`, the framing and the deadline, which are those of
 * an attempt. What the client said of itself is replaced; what trusted peers said is added to.
 */
export function requestFields(call: IncomingCall, rules: ForwardRules): string[] {
  const { facts, fields, spent } = call;
  const traced = call.trace !== undefined;
  const drop = (name: string): boolean =>
    REPLACED.has(name) ||
    (traced && (name === 'traceparent' || name === 'tracestate')) ||
    rules.own.has(name) ||
    (spent.length > 0 && spent.includes(name));
  const passed = passFields(fields, facts.names, facts.listed, drop);
  const via = facts.names.includes('via') ? `${valuesOf(call, 'via').join(', ')}, ` : '';
  passed.push('Via', `${via}${call.head.version} ${rules.via}`);
  passed.push(...whereFrom(call), rules.requestIdField, call.id, ...whoAsks(call, rules));
  passed.push(...call.traceFields);
  // What is a copy stays one on its way.
  const mirrored = call.trusted ? call.header(rules.mirrorField) : undefined;
  if (mirrored !== undefined) passed.push(rules.mirrorField, mirrored);
  if (call.certificate !== undefined) passed.push(...whoIsConnected(call.certificate, rules));
  // Trailers are handed on, so the upstream may send them.
  if (facts.names.includes('te') && valuesOf(call, 'te').some(value => /\btrailers\b/i.test(value))) {
    passed.push('TE', 'trailers', 'Connection', 'TE');
  }
  return passed;
}

/** The fields of an answer for the client; `undefined` where one of them is none. */
export function answerFields(
  raw: readonly string[],
  names: readonly string[],
  listed: readonly string[],
  call: IncomingCall,
): string[] | undefined {
  const { extra } = call;
  const own = new Set<string>();
  for (let at = 0; at < extra.length; at += 2) own.add(extra[at]!.toLowerCase());
  const isCors = own.has('access-control-allow-origin');
  const passed = passFields(
    raw,
    names,
    listed,
    name =>
      (own.has(name) && name !== 'vary' && name !== 'cache-status') ||
      (isCors && name.startsWith('access-control-')) ||
      name === 'via',
  );
  if (!passed.every((text, at) => at % 2 === 0 || isFieldValue(text))) return undefined;
  passed.push(...extra);
  return passed;
}
