/**
 * The names of topics and events, and the patterns over them: one grammar for everything in this package.
 *
 * A topic is tokens with a dot between: `order.placed`. In a pattern `*` stands for exactly one token and `>`,
 * as the last token only, for one or more: `order.*`, `order.>`, `>`. A topic is a pattern that matches itself.
 */

/** A topic or a pattern has at most so many characters. */
export const MAX_TOPIC_LENGTH = 255;
/** A topic or a pattern has at most so many tokens. */
export const MAX_TOPIC_TOKENS = 32;

/** What every broker takes in a token as it is; case counts. */
const TOKEN = /^[A-Za-z0-9_-]+$/;
const TOKEN_RULE = 'dot separated tokens of A-Z, a-z, 0-9, `_` and `-`';

function checkTokens(text: unknown, rule: string, fits: (token: string, last: boolean) => boolean) {
  if (typeof text !== 'string') return `a string of ${rule}`;
  if (text.length > MAX_TOPIC_LENGTH) return `at most ${MAX_TOPIC_LENGTH} characters long`;
  const tokens = text.split('.');
  if (tokens.length > MAX_TOPIC_TOKENS) return `at most ${MAX_TOPIC_TOKENS} tokens long`;
  return tokens.every((token, i) => fits(token, i === tokens.length - 1)) ? undefined : rule;
}

/** What a topic must be and `name` is not, to follow "must be"; `undefined` when nothing is wrong. */
export function checkTopic(name: unknown): string | undefined {
  return checkTokens(name, TOKEN_RULE, token => TOKEN.test(token));
}

/** What a pattern must be and `pattern` is not, to follow "must be"; `undefined` when nothing is wrong. */
export function checkPattern(pattern: unknown): string | undefined {
  const rule = `${TOKEN_RULE}, or \`*\` for one token, or as the last \`>\` for one or more`;
  return checkTokens(
    pattern,
    rule,
    (token, last) => token === '*' || (token === '>' && last) || TOKEN.test(token),
  );
}

/** Whether a valid pattern may match more than the topic that it spells. */
export function hasWildcard(pattern: string): boolean {
  return pattern.includes('*') || pattern.endsWith('>');
}

/** Whether `pattern` matches `topic`, both of them valid. Reads each character at most once. */
export function matchesPattern(pattern: string, topic: string): boolean {
  let t = 0;
  for (let p = 0; p < pattern.length; p++) {
    const wanted = pattern[p];
    if (wanted === '>') return t < topic.length;
    if (wanted === '*') {
      const start = t;
      while (t < topic.length && topic[t] !== '.') t++;
      if (t === start) return false;
    } else if (topic[t++] !== wanted) return false;
  }
  return t === topic.length;
}
