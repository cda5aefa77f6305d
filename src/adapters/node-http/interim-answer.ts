import type { ServerResponse } from 'node:http';
import { listedOf, namesOf, passFields } from '../../core/hop-fields.js';

/** Hands 102 and 103 on. Node checks links more strictly than they are written: such a 103 is left out. */
export function inform(response: ServerResponse, status: number, raw: readonly string[]): void {
  if (status === 102) response.writeProcessing();
  if (status !== 103) return;
  const names = namesOf(raw);
  const fields = passFields(raw, names, listedOf(raw, names), () => false);
  const hints: Record<string, string | string[]> = {};
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at]!.toLowerCase();
    const before = hints[name];
    hints[name] = before === undefined ? fields[at + 1]! : [before, fields[at + 1]!].flat();
  }
  try {
    response.writeEarlyHints(hints as Record<string, string | string[]> & { link: string | string[] });
  } catch {}
}
