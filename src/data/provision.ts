/**
 * The roles of a service. `owner` has the objects and logs in nowhere; `migrator` changes them; `app`
 * reads and writes rows; `relay` empties the outbox; `read` sees views. A product may lack some.
 */
export type ServiceRole = 'owner' | 'migrator' | 'app' | 'relay' | 'read';

/** One statement of a plan. */
export interface ProvisionStatement {
  /** As it is run; a password is never in it. */
  readonly sql: string;
  /**
   * Where: `server` is the database that the client is connected to, `database` that of the service. They
   * differ only where a service gets a database of its own.
   */
  readonly where: 'server' | 'database';
}

/**
 * What is done to give a service a place of its own. Each statement may be run again and changes nothing.
 */
export interface ProvisionPlan {
  /** Whose. */
  readonly service: string;
  /** In their order. */
  readonly statements: readonly ProvisionStatement[];
  /** The same as one script, for who runs it by hand. */
  readonly text: string;
}

/** What is needed besides a client. */
export interface ProvisionOptions<Client> {
  /**
   * A password for each role that logs in; whoever is left out keeps what it has. Hashed before it is sent,
   * where the server can be sent a hash.
   */
  readonly passwords?: Partial<Readonly<Record<ServiceRole, string>>>;
  /**
   * Connects to the database of the service, which has just been made: needed where it has one of its own,
   * and the client is connected to another one. What it answers with stays yours.
   */
  readonly inside?: (database: string) => Client | Promise<Client>;
}
