const MOST_CHARACTERS = 1000;

/** What an error says, short enough to be kept. */
export function wordsOf(error: unknown): string {
  let text = 'an error that cannot be shown';
  try {
    text = String(error);
  } catch {}
  return text.slice(0, MOST_CHARACTERS);
}
