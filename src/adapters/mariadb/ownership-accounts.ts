import type { OwnershipFinding } from '../../data/ownership.js';
import { type MariadbClient, quoted, rowsOf } from './client.js';
import type { MariadbPlace } from './provision-place.js';
import { accountOf } from './provision-statements.js';

/** Whom a right belongs to, and whether that is the service. */
export interface Grantee {
  /** As SQL names it; `PUBLIC` for everybody. */
  readonly name: string;
  readonly user: string;
  /** Whether it is an account of the service. */
  readonly isOurs: boolean;
  /** Whether nothing that it has is a finding: it may do all, or is trusted. */
  readonly isTrusted: boolean;
}

/** The accounts and roles of the server. */
export class Accounts {
  readonly #place: MariadbPlace;
  readonly #ours: ReadonlySet<string>;
  readonly #trusted: ReadonlySet<string>;

  constructor(place: MariadbPlace, administrators: readonly string[]) {
    this.#place = place;
    this.#ours = new Set(Object.values(place.users).map(user => accountOf(user, place)));
    this.#trusted = new Set(administrators);
  }

  /** Out of what the catalogs say of it. */
  of(user: string, host: string): Grantee {
    const account = `${quoted(user)}@${quoted(host)}`;
    const isOurs = this.#ours.has(account);
    // Nobody by name is whoever comes from there.
    const everybody = host === '' && user.toUpperCase() === 'PUBLIC';
    const name = everybody ? 'PUBLIC' : host === '' ? quoted(user) : account;
    const isTrusted = this.#trusted.has(account) || this.#place.trust.includes(user);
    return { name, user, isOurs, isTrusted };
  }

  /** Out of the form `'user'@'host'` of the information schema. */
  read(grantee: unknown): Grantee {
    const [, user = '', host = ''] = /^'(.*)'@'(.*)'$/s.exec(String(grantee)) ?? [];
    return this.of(user, host);
  }
}

interface AccountRow extends Readonly<Record<string, unknown>> {
  readonly account: string;
}

const isYes = (value: unknown): boolean => value === 'Y';

/** The accounts themselves: whether they are there, what they may do by themselves, and their limits. */
export async function inspectAccounts(
  client: MariadbClient,
  place: MariadbPlace,
): Promise<{ readonly accounts: Accounts; readonly findings: readonly OwnershipFinding[] }> {
  const columns = `User AS user, Host AS host, plugin, authentication_string AS secret, Super_priv AS super,
    Grant_priv AS hands, is_role AS role, max_user_connections AS connections, max_statement_time AS longest`;
  const rows = await rowsOf(client, `SELECT ${columns} FROM mysql.user`);
  const all: readonly AccountRow[] = rows.map(row => ({
    ...row,
    account: `${quoted(String(row['user']))}@${quoted(String(row['host']))}`,
  }));
  const ours = new Map(
    Object.entries(place.users).map(([part, user]) => [accountOf(user, place), { part, user }]),
  );
  const administrators = all.filter(
    row => isYes(row['super']) && isYes(row['hands']) && !ours.has(row.account),
  );
  const accounts = new Accounts(
    place,
    administrators.map(({ account }) => account),
  );
  const findings: OwnershipFinding[] = [];
  for (const account of ours.keys()) {
    if (all.some(row => row.account === account)) continue;
    const says = 'the account is not there';
    findings.push({
      kind: 'missing-role',
      object: account,
      role: account,
      says,
      mend: 'provision the service',
    });
  }
  for (const row of all) findings.push(...findingsOf(row, ours, place));
  return { accounts, findings };
}

function* findingsOf(
  row: AccountRow,
  ours: ReadonlyMap<string, { readonly part: string }>,
  place: MariadbPlace,
): Generator<OwnershipFinding> {
  const { account } = row;
  const mine = ours.get(account);
  const names: readonly unknown[] = Object.values(place.users);
  if (mine === undefined) {
    if (!names.includes(row['user']) || isYes(row['role'])) return;
    const says = 'it has the name of an account of the service, and rights of its own';
    yield { kind: 'role-attribute', object: account, role: account, says, mend: `DROP USER ${account}` };
    return;
  }
  const isNative = row['plugin'] === 'mysql_native_password' || row['plugin'] === '';
  if (isNative && row['secret'] === '') {
    const says = 'it has no password: everybody may come in';
    const mend = `ALTER USER ${account} IDENTIFIED VIA mysql_native_password USING 'invalid'`;
    yield { kind: 'role-attribute', object: 'no password', role: account, says, mend };
  }
  if (Number(row['connections']) === 0) {
    const says = 'it may take all connections of the server';
    const most = place.connections[mine.part as 'app'];
    const mend = `ALTER USER ${account} WITH MAX_USER_CONNECTIONS ${most}`;
    yield { kind: 'role-limit', object: 'MAX_USER_CONNECTIONS', role: account, says, mend };
  }
  if (Number(row['longest']) === 0 && mine.part !== 'migrator') {
    const mend = `ALTER USER ${account} WITH MAX_STATEMENT_TIME ${place.statementTimeoutMs / 1_000}`;
    const says = 'its statements may take for ever';
    yield { kind: 'role-limit', object: 'MAX_STATEMENT_TIME', role: account, says, mend };
  }
}

/** Roles that were granted, and who may come in as another. */
export async function inspectRoles(client: MariadbClient, accounts: Accounts): Promise<OwnershipFinding[]> {
  const roles = await rowsOf(
    client,
    'SELECT User AS user, Host AS host, Role AS role FROM mysql.roles_mapping',
  );
  const granted = roles.flatMap((row): OwnershipFinding[] => {
    const { isOurs, name } = accounts.of(String(row['user']), String(row['host']));
    if (!isOurs) return [];
    const role = quoted(String(row['role']));
    const says = `${name} can take all that ${role} has`;
    return [{ kind: 'role-membership', object: role, role: name, says, mend: `REVOKE ${role} FROM ${name}` }];
  });
  const columns = 'User AS user, Host AS host, Proxied_user AS other, Proxied_host AS at';
  const proxies = await rowsOf(client, `SELECT ${columns} FROM mysql.proxies_priv WHERE Proxied_user <> ''`);
  const standIns = proxies.flatMap((row): OwnershipFinding[] => {
    const who = accounts.of(String(row['user']), String(row['host']));
    const other = accounts.of(String(row['other']), String(row['at']));
    if (who.isTrusted || (!who.isOurs && !other.isOurs)) return [];
    const says = `${who.name} may come in as ${other.name}`;
    const mend = `REVOKE PROXY ON ${other.name} FROM ${who.name}`;
    return [{ kind: 'proxy-grant', object: other.name, role: who.name, says, mend }];
  });
  return [...granted, ...standIns];
}
