/**
 * What an adapter asks of a client for Redis: to run a script. A client or cluster of `ioredis` fits as it
 * is; for any other one write these two.
 */
export interface RedisScripts {
  /** `EVALSHA sha keys …`: fails with a message that begins with `NOSCRIPT` when the script is not known. */
  evalsha(sha: string, keys: number, ...args: string[]): Promise<unknown>;
  /** `EVAL script keys …`. */
  eval(script: string, keys: number, ...args: string[]): Promise<unknown>;
}

/** Runs a script that the server most likely knows, and else takes it there. */
export async function runScript(
  client: RedisScripts,
  { text, sha }: { readonly text: string; readonly sha: string },
  key: string,
  args: readonly string[],
): Promise<unknown> {
  try {
    return await client.evalsha(sha, 1, key, ...args);
  } catch (error) {
    if (!isNoScript(error)) throw error;
    return client.eval(text, 1, key, ...args);
  }
}

function isNoScript(error: unknown): boolean {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === 'string' && message.startsWith('NOSCRIPT');
}
