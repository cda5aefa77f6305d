import { describe, expect, it } from 'vitest';
import { runProgram } from '../run-program.js';

// The long form is `npm run soak:gateway`.
describe('a gateway before instances that are killed, while its routes are replaced', () => {
  it.each(['node:http', 'undici'])(
    'crosses no answers, leaves nothing behind, and keeps little of each stream, over %s (GW1, GW4)',
    async engine => {
      const words = ['--connections', '50', '--seconds', '3', '--streams', '30', '--engine', engine];
      const { stdout, stderr } = await runProgram('test/soak/gateway/run.mjs', words, 110_000);
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toMatchObject({ wrong: 0, socketsLeft: 0, inFlightLeft: 0, bad: [] });
    },
  );
});
