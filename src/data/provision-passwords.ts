import type { ServiceRole } from './provision.js';

const PLAIN = /^[\x20-\x7e]{1,256}$/;

/**
 * The passwords that were given, by role. No error shows one.
 *
 * @throws TypeError for a role that does not log in, or a password that is none.
 */
export function checkPasswords(
  passwords: Partial<Readonly<Record<ServiceRole, string>>>,
  logins: readonly ServiceRole[],
): readonly { readonly role: ServiceRole; readonly password: string }[] {
  return Object.entries(passwords).flatMap(([name, password]) => {
    const role = name as ServiceRole;
    if (!logins.includes(role)) {
      throw new TypeError(
        `provision: \`passwords\` has ${JSON.stringify(name)}; known are ${logins.join(', ')}`,
      );
    }
    if (password === undefined) return [];
    if (typeof password !== 'string' || !PLAIN.test(password)) {
      throw new TypeError(`provision: \`passwords.${name}\` must be 1 to 256 printable ASCII characters`);
    }
    return [{ role, password }];
  });
}
