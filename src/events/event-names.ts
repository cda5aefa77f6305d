/** The names of a map of events. */
export type NamesOf<Events> = keyof Events & string;

/** Whether the pattern `P` matches the name `N`, token by token. */
type Matches<P extends string, N extends string> = P extends '>'
  ? true
  : P extends `${infer PHead}.${infer PRest}`
    ? N extends `${infer NHead}.${infer NRest}`
      ? PHead extends '*' | NHead
        ? Matches<PRest, NRest>
        : false
      : false
    : N extends `${string}.${string}`
      ? false
      : P extends '*' | N
        ? true
        : false;

/** The names that a pattern matches; all of them where the compiler knows too little of either. */
export type Matching<Events, P extends string> = string extends P | NamesOf<Events>
  ? NamesOf<Events>
  : { [N in NamesOf<Events>]: Matches<P, N> extends true ? N : never }[NamesOf<Events>];

/** A pattern that matches something; else the names that there are, for the compiler to tell. */
export type KnownPattern<Events, P extends string> = [Matching<Events, P>] extends [never]
  ? NamesOf<Events>
  : P;

/** What the events carry that a pattern matches. */
export type PayloadOf<Events, P extends string> = Events[Matching<Events, P> & keyof Events];

/** An event of a pattern, with its name: the name tells which payload it is. */
export type EventOf<Events, P extends string> = {
  [N in Matching<Events, P> & keyof Events & string]: {
    /** Of the event. */
    readonly name: N;
    /** What it carries. */
    readonly payload: Events[N];
  };
}[Matching<Events, P> & keyof Events & string];

/** An event that carries nothing may be emitted without a payload. */
export type PayloadArguments<Payload> = undefined extends Payload ? [payload?: Payload] : [payload: Payload];
