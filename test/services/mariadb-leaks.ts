/** A leak: what is planted, and the finding that has to name it; `$a` and `$b` are the two services. */
export interface MariadbLeak {
  readonly name: string;
  readonly plant: string;
  readonly finding: string;
  /** Where what is to be done is not one statement. */
  readonly undo?: string;
}

export const mariadbLeaks: readonly MariadbLeak[] = [
  {
    name: 'a grant of the database to the app of another service',
    plant: "GRANT SELECT ON `$ea`.* TO '$b_app'@'%'",
    finding: "schema-grant `$ea` '$b_app'@'%'",
  },
  {
    name: 'a grant by a pattern that means the database as well',
    plant: "GRANT SELECT ON `order%`.* TO '$stranger'@'%'",
    finding: "schema-grant `order%` '$stranger'@'%'",
  },
  {
    name: 'a grant to everybody',
    plant: 'GRANT SELECT ON `$ea`.* TO PUBLIC',
    finding: 'schema-grant `$ea` PUBLIC',
  },
  {
    name: 'a grant to whoever has no name',
    plant: "CREATE USER ''@'192.0.2.1'; GRANT SELECT ON `$ea`.* TO ''@'192.0.2.1'",
    finding: "schema-grant `$ea` ''@'192.0.2.1'",
    undo: "DROP USER ''@'192.0.2.1'",
  },
  {
    name: 'a right of the app that no row needs',
    plant: "GRANT DROP ON `$ea`.* TO '$a_app'@'%'",
    finding: "schema-grant `$ea` '$a_app'@'%'",
  },
  {
    name: 'an app that may write into the list of migrations',
    plant: "GRANT UPDATE ON `$ea\\_keelson`.* TO '$a_app'@'%'",
    finding: "schema-grant `$ea\\_keelson` '$a_app'@'%'",
  },
  {
    name: 'a right that can be handed on',
    plant: "GRANT SELECT ON `$ea`.* TO '$a_app'@'%' WITH GRANT OPTION",
    finding: "schema-grant `$ea` '$a_app'@'%'",
    undo: "REVOKE GRANT OPTION ON `$ea`.* FROM '$a_app'@'%'",
  },
  {
    name: 'a name whose underscore means any sign',
    plant: "GRANT SELECT ON `$a`.* TO '$a_app'@'%'",
    finding: "foreign-grant `$a` '$a_app'@'%'",
  },
  {
    name: 'a grant of a table',
    plant: "GRANT UPDATE ON `$a`.`thing` TO '$b_app'@'%'",
    finding: "table-grant `$a`.`thing` '$b_app'@'%'",
  },
  {
    name: 'a reader of more than views',
    plant: "GRANT SELECT ON `$a`.`thing` TO '$a_read'@'%'",
    finding: "table-grant `$a`.`thing` '$a_read'@'%'",
  },
  {
    name: 'a grant of a column',
    plant: "GRANT SELECT (secret) ON `$a`.`thing` TO '$b_app'@'%'",
    finding: "column-grant `$a`.`thing`.`secret` '$b_app'@'%'",
  },
  {
    name: 'a grant of a routine',
    plant:
      "CREATE DEFINER = '$a_migrator'@'%' FUNCTION `$a`.`peek`() RETURNS int RETURN 1; " +
      "GRANT EXECUTE ON FUNCTION `$a`.`peek` TO '$b_app'@'%'",
    finding: "routine-grant `$a`.`peek` '$b_app'@'%'",
    undo: 'DROP FUNCTION `$a`.`peek`',
  },
  {
    name: 'a grant of the service on the table of another',
    plant: "GRANT SELECT ON `$b`.`thing` TO '$a_app'@'%'",
    finding: "foreign-grant `$b`.`thing` '$a_app'@'%'",
  },
  {
    name: 'a grant of the service on the database of another',
    plant: "GRANT SELECT ON `$eb`.* TO '$a_migrator'@'%'",
    finding: "foreign-grant `$eb` '$a_migrator'@'%'",
  },
  {
    name: "the database of another that is everybody's",
    plant: 'GRANT SELECT ON `$eb`.* TO PUBLIC',
    finding: 'public-reach `$eb` PUBLIC',
  },
  {
    name: 'a right on everything',
    plant: "GRANT SELECT ON *.* TO '$a_app'@'%'",
    finding: "global-grant SELECT '$a_app'@'%'",
  },
  {
    name: 'a right to read files of the server',
    plant: "GRANT FILE ON *.* TO '$a_app'@'%'",
    finding: "global-grant FILE '$a_app'@'%'",
  },
  {
    name: 'a stranger with a right on everything',
    plant: "GRANT SELECT ON *.* TO '$stranger'@'%'",
    finding: "global-grant SELECT '$stranger'@'%'",
  },
  {
    name: 'a role that was granted',
    plant: "CREATE ROLE '$group'; GRANT SELECT ON `$eb`.* TO '$group'; GRANT '$group' TO '$a_app'@'%'",
    finding: "role-membership '$group' '$a_app'@'%'",
    undo: "DROP ROLE '$group'",
  },
  {
    name: 'somebody who may come in as the app',
    // To grant it, one needs it: so it is planted where the server keeps it.
    plant:
      'INSERT INTO mysql.proxies_priv (Host, User, Proxied_host, Proxied_user, With_grant, Grantor) ' +
      "VALUES ('%', '$stranger', '%', '$a_app', 0, ''); FLUSH PRIVILEGES",
    finding: "proxy-grant '$a_app'@'%' '$stranger'@'%'",
    undo: "DELETE FROM mysql.proxies_priv WHERE User = '$stranger'; FLUSH PRIVILEGES",
  },
  {
    name: 'an account without a password',
    plant: "ALTER USER '$a_read'@'%' IDENTIFIED VIA mysql_native_password USING ''",
    finding: "role-attribute no password '$a_read'@'%'",
  },
  {
    name: 'another account of the same name',
    plant: "CREATE USER '$a_app'@'192.0.2.1'",
    finding: "role-attribute '$a_app'@'192.0.2.1' '$a_app'@'192.0.2.1'",
  },
  {
    name: 'connections without a limit',
    plant: "ALTER USER '$a_app'@'%' WITH MAX_USER_CONNECTIONS 0",
    finding: "role-limit MAX_USER_CONNECTIONS '$a_app'@'%'",
  },
  {
    name: 'statements without an end',
    plant: "ALTER USER '$a_app'@'%' WITH MAX_STATEMENT_TIME 0",
    finding: "role-limit MAX_STATEMENT_TIME '$a_app'@'%'",
  },
  {
    name: 'a view with the rights of an administrator',
    plant: 'CREATE VIEW `$a`.`all_things` AS SELECT * FROM `$a`.`thing`',
    finding: 'security-definer `$a`.`all_things` $admin',
    undo: 'DROP VIEW `$a`.`all_things`',
  },
  {
    name: 'a view into the database of another',
    plant:
      "CREATE DEFINER = '$a_migrator'@'%' SQL SECURITY INVOKER VIEW `$a`.`joined` AS SELECT t.id " +
      'FROM `$a`.`thing` t JOIN `$b`.`thing` u ON u.id = t.id',
    finding: 'cross-schema-view `$a`.`joined` $a_migrator@%',
    undo: 'DROP VIEW `$a`.`joined`',
  },
  {
    name: 'a view of another into this database',
    plant:
      "CREATE DEFINER = '$b_migrator'@'%' SQL SECURITY INVOKER VIEW `$b`.`borrowed` AS " +
      'SELECT id FROM `$a`.`thing`',
    finding: 'cross-schema-view `$b`.`borrowed` $b_migrator@%',
    undo: 'DROP VIEW `$b`.`borrowed`',
  },
  {
    name: 'a trigger that writes into the database of another',
    plant:
      "CREATE DEFINER = '$a_migrator'@'%' TRIGGER `$a`.`told` AFTER INSERT ON `$a`.`thing` FOR EACH ROW " +
      'INSERT INTO `$b`.`thing` (id) VALUES (NEW.id)',
    finding: 'cross-schema-trigger `$a`.`told` $a_migrator@%',
    undo: 'DROP TRIGGER `$a`.`told`',
  },
  {
    name: 'a procedure that reads the database of another',
    plant: "CREATE DEFINER = '$a_migrator'@'%' PROCEDURE `$a`.`look`() BEGIN SELECT * FROM `$b`.`thing`; END",
    finding: 'cross-schema-routine `$a`.`look` $a_migrator@%',
    undo: 'DROP PROCEDURE `$a`.`look`',
  },
  {
    name: 'a foreign key to the table of another',
    plant: 'ALTER TABLE `$a`.`thing` ADD CONSTRAINT far FOREIGN KEY (id) REFERENCES `$b`.`thing` (id)',
    finding: 'cross-schema-foreign-key `$a`.`thing` ',
  },
];
