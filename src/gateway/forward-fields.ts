import {
  forwardedNode,
  forwardedValue,
  hasVia,
  passFields,
  passTrailers,
  plainName,
} from '../core/hop-fields.js';
import { isFieldValue } from '../core/request-fields.js';
import { refuse } from '../kernel/options.js';
import { planRenames, type Renames } from './answer-changes.js';
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

/** Whether the gateway says it in the place of the client, by its name in lower case with `-` for `_`. */
export const isReplaced = (name: string): boolean => REPLACED.has(name);

/** What tells of certificates, here and elsewhere. */
const SHOWN = ['client-cert', 'client-cert-chain', 'x-forwarded-client-cert'];

/** What a client may call otherwise must not become what it can never say. @throws TypeError */
export function planRequestRenames(owner: string, record: unknown, { own }: ForwardRules): Renames {
  const renames = planRenames(owner, 'renameRequestHeaders', record);
  for (const to of renames.values()) {
    const name = plainName(to.toLowerCase());
    if (own.has(name) || SHOWN.includes(name))
      refuse(owner, 'renameRequestHeaders', 'to names that a client may set', to);
  }
  return renames;
}

const encoded = (text: string): string => encodeURIComponent(text.replace(/\p{Cs}/gu, '\ufffd'));

/**
 * A value that a field can hold, whatever it was, and no two the same: what the field would not keep as it is
 * (spaces at its ends are no part of it), or what looks as if it were encoded, is percent-encoded.
 */
const safe = (text: string): string =>
  /^[\x20-\x24\x26-\x7e]*$/.test(text) && text.trim() === text ? text : encoded(text);
/** One of several that stand with spaces between them. */
const safeWord = (text: string): string => (/^[\x21-\x24\x26-\x7e]+$/.test(text) ? text : encoded(text));

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
    fields.push(rules.scopesField, identity.scopes.map(safeWord).join(' '));
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

/** Which fields of a client end here: they are the gateway's to say, or were for the gateway. */
function dropOf({ spent, trace }: IncomingCall, { own }: ForwardRules): (name: string) => boolean {
  const traced = trace !== undefined;
  return name =>
    REPLACED.has(name) ||
    (traced && (name === 'traceparent' || name === 'tracestate')) ||
    own.has(name) ||
    (spent.length > 0 && spent.includes(name));
}

/** Names of fields that a route sets or takes away. */
type Changes = readonly (readonly [name: string, value: string | null])[];

/** The fields with those that a route sets, and without those that it takes away, however they are spelt. */
export function applyFields(fields: string[], changes: Changes): string[] {
  if (changes.length === 0) return fields;
  const gone = changedBy(changes);
  const kept = fields.filter((_, at) => !gone.has(plainName(fields[at - (at % 2)]!.toLowerCase())));
  for (const [name, value] of changes) if (value !== null) kept.push(name, value);
  return kept;
}

const changedBy = (changes: Changes): ReadonlySet<string> =>
  new Set(changes.map(([name]) => plainName(name.toLowerCase())));

/** The trailers of a request for its upstream, which may put them among the fields that it believes. */
export function requestTrailers(
  call: IncomingCall,
  rules: ForwardRules,
  changes: Changes,
  raw: readonly string[],
): string[] {
  const [drop, gone] = [dropOf(call, rules), changedBy(changes)];
  return passTrailers(raw, name => gone.has(name) || drop(name));
}

/** One hop less for who asks what the way is: RFC 9110, 7.6.2. */
function countDown(fields: string[]): void {
  for (let at = 0; at < fields.length; at += 2) {
    const value = fields[at + 1]!;
    if (fields[at]!.toLowerCase() === 'max-forwards' && /^\d{1,9}$/.test(value))
      fields[at + 1] = String(Math.max(0, Number(value) - 1));
  }
}

/**
 * The fields of a request for its upstream, but for `Host`, the framing and the deadline, which are those of
 * an attempt. What the client said of itself is replaced; what trusted peers said is added to.
 */
export function requestFields(call: IncomingCall, rules: ForwardRules): string[] {
  const { facts, fields } = call;
  const passed = passFields(fields, facts.names, facts.listed, dropOf(call, rules));
  if (call.method === 'OPTIONS') countDown(passed);
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

/** Which fields of an upstream end here. Where a route says which origins may ask, it alone does. */
function dropOfAnswer({ extra }: IncomingCall, isCors: boolean): (name: string) => boolean {
  const own = new Set<string>();
  for (let at = 0; at < extra.length; at += 2) own.add(extra[at]!.toLowerCase());
  return name =>
    (own.has(name) && name !== 'vary' && name !== 'cache-status') ||
    (isCors && name.startsWith('access-control-')) ||
    name === 'via';
}

/** The trailers of an answer for the client: they say nothing that its fields cannot. */
export function answerTrailers(
  raw: readonly string[],
  call: IncomingCall,
  changes: Changes,
  isCors: boolean,
): string[] {
  const [drop, gone] = [dropOfAnswer(call, isCors), changedBy(changes)];
  return passTrailers(raw, name => gone.has(name) || drop(name));
}

/** The fields of an answer for the client; `undefined` where one of them is none. */
export function answerFields(
  raw: readonly string[],
  names: readonly string[],
  listed: readonly string[],
  call: IncomingCall,
  isCors: boolean,
  isEmpty: boolean,
): string[] | undefined {
  const { extra } = call;
  const drop = dropOfAnswer(call, isCors);
  // What has no body by its status has no length either: RFC 9110, 8.6.
  const passed = passFields(raw, names, listed, name => drop(name) || (isEmpty && name === 'content-length'));
  if (!passed.every((text, at) => at % 2 === 0 || isFieldValue(text))) return undefined;
  passed.push(...extra);
  return passed;
}
