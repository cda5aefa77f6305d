/** What is wrong with a grant, an object or a role. */
export type OwnershipKind =
  | 'missing-role'
  | 'missing-schema'
  | 'role-attribute'
  | 'role-membership'
  | 'role-limit'
  | 'search-path'
  | 'foreign-owner'
  | 'stray-object'
  | 'database-grant'
  | 'schema-grant'
  | 'table-grant'
  | 'column-grant'
  | 'sequence-grant'
  | 'routine-grant'
  | 'type-grant'
  | 'large-object-grant'
  | 'global-grant'
  | 'proxy-grant'
  | 'default-privilege'
  | 'foreign-grant'
  | 'public-reach'
  | 'public-create'
  | 'other-database'
  | 'security-definer'
  | 'cross-schema-view'
  | 'cross-schema-foreign-key'
  | 'cross-schema-inheritance'
  | 'cross-schema-trigger'
  | 'cross-schema-routine'
  | 'cross-schema-default'
  | 'foreign-table'
  | 'foreign-server'
  | 'publication';

/** One way in which a service can touch what is not its own, or others can touch what is. */
export interface OwnershipFinding {
  /** What is wrong. */
  readonly kind: OwnershipKind;
  /** With which object, as SQL names it. */
  readonly object: string;
  /** Whom it lets in, as the server names them; `PUBLIC` for everybody, empty where it is nobody's right. */
  readonly role: string;
  /** In words. */
  readonly says: string;
  /** SQL that ends it, or in words what has to be decided. */
  readonly mend: string;
}

/** What a look at all grants has found. */
export interface OwnershipReport {
  /** Whose data it is. */
  readonly service: string;
  /** By kind, object and role. */
  readonly findings: readonly OwnershipFinding[];
  /** Whether there are more than are listed. */
  readonly truncated: boolean;
}

/** A finding in one line. */
export function findingText({ kind, object, role, says, mend }: OwnershipFinding): string {
  const who = role === '' ? '' : ` (${role})`;
  return `${kind}: ${object}${who}: ${says}; mend: ${mend}`;
}
