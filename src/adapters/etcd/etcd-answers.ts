/** A key with its value, as the gateway has it: bytes in base64, numbers as texts, nothing for 0. */
export interface EtcdEntry {
  readonly key: string;
  readonly value?: string;
  readonly lease?: string;
  readonly create_revision: string;
  readonly mod_revision: string;
}

export interface EtcdHeader {
  readonly cluster_id?: string;
  readonly revision?: string;
}

export interface EtcdRange {
  readonly kvs?: readonly EtcdEntry[];
  readonly count?: string;
}

/** What came of a transaction, with what was looked at in it. */
export interface EtcdTxn {
  readonly header: EtcdHeader;
  readonly succeeded?: boolean;
  readonly responses?: readonly { readonly response_range?: EtcdRange }[];
}

/** One message of a watch. */
export interface EtcdWatchMessage {
  readonly result?: {
    readonly created?: boolean;
    readonly canceled?: boolean;
    /** What is older than this is not known any more. */
    readonly compact_revision?: string;
    readonly events?: readonly { readonly kv: EtcdEntry }[];
  };
  readonly error?: { readonly message?: string };
}

/** What the transaction found for its nth question. */
export const rangeOf = ({ responses }: EtcdTxn, at: number): EtcdRange =>
  responses?.[at]?.response_range ?? {};

/** The entry that was asked for by its key. */
export const entryOf = (txn: EtcdTxn, at: number): EtcdEntry | undefined => rangeOf(txn, at).kvs?.[0];

/** Holds where a key is as it was seen; absent where it was not there. */
export function unchanged(key: string, seen: EtcdEntry | undefined): object {
  return { key, result: 'EQUAL', target: 'MOD', mod_revision: seen?.mod_revision ?? '0' };
}
