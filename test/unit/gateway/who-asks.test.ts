import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFieldValue } from '../../../src/core/request-fields.js';
import { type ForwardRules, whoAsks } from '../../../src/gateway/forward-fields.js';
import type { Identity, IncomingCall } from '../../../src/gateway/gateway-request.js';

const rules = {
  ...{ subjectField: 'subject', scopesField: 'scopes', claimFields: [['claim', 'name']] },
} as unknown as ForwardRules;

/** What an upstream reads, which has trimmed it as any server does. */
function told(identity: Identity): Record<string, string> {
  const fields = whoAsks({ identity } as IncomingCall, rules);
  for (const text of fields) expect(isFieldValue(text)).toBe(true);
  return Object.fromEntries(
    fields.flatMap((text, at) => (at % 2 === 0 ? [[text, fields[at + 1]!.trim()] as const] : [])),
  );
}

describe('what an upstream is told of who asks', () => {
  it.each([
    ['ada', 'ada'],
    ['auth0|7 of "shop"', 'auth0|7 of "shop"'],
    ['ü', '%C3%BC'],
    ['%C3%BC', '%25C3%25BC'],
    ['100%', '100%25'],
    [' ada', '%20ada'],
    ['ada ', 'ada%20'],
    ['a\r\nX-Admin: 1', 'a%0D%0AX-Admin%3A%201'],
    ['a\tb', 'a%09b'],
    ['\ud800', '%EF%BF%BD'],
  ])('is %j as %s', (text, value) => {
    const { subject, claim } = told({ subject: text, claims: { name: text } });
    expect([subject, claim]).toEqual([value, value]);
  });

  it('is nobody else, and can be read back', () => {
    const name = fc.string({ minLength: 1, unit: 'binary' }).map(text => text.replace(/\p{Cs}/gu, ''));
    fc.assert(
      fc.property(fc.oneof(name, fc.constantFrom('%', '%2', ' ', '%25', '%20', 'é')), subject => {
        expect(decodeURIComponent(told({ subject })['subject']!)).toBe(subject);
      }),
    );
  });

  it('are as many scopes as there are, whatever stands in one', () => {
    const scopes = ['orders:read', 'of all admin', 'é', '50%', 'a\tb'];
    const said = told({ subject: 'ada', scopes })['scopes']!;
    expect(said).toBe('orders:read of%20all%20admin %C3%A9 50%25 a%09b');
    expect(said.split(' ').map(decodeURIComponent)).toEqual(scopes);
  });
});
