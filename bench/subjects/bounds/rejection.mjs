export class Refused extends Error {}

/** The stack is what makes an Error dear, and the way to a refusal tells nobody anything. */
export function refused(message) {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  const error = new Refused(message);
  Error.stackTraceLimit = limit;
  return error;
}
