/** The fields of an object that is being made. */
export type InTheMaking<T> = { -readonly [Name in keyof T]: T[Name] };

/**
 * The class of `prototype` with another constructor: `make` fills in all fields by itself, and nothing calls
 * `super`.
 *
 * V8 looks through a derived constructor and makes it cost nothing, except inside a `try`, and an async
 * function is one from end to end: there each `super` on the way is 20 ns. So this is for what is made at
 * every call, and for nothing else.
 */
export function leanClass<Class>(
  { prototype }: { readonly prototype: object },
  make: (this: never, ...args: never[]) => void,
): Class {
  make.prototype = prototype;
  return make as Class;
}
