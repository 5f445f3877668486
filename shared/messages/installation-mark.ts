import * as z from 'zod';
import type { InstallationMark } from '#shared/core/system/restore-sign.ts';

const schema = z.object({
  v: z.literal(1),
  place: z.string(),
  tag: z.string().regex(/^[0-9a-f]{8}$/),
  stateVersions: z.record(z.string().max(64), z.int().min(0)),
  beatsMs: z.record(z.string().max(64), z.int().min(0)).optional(),
});

/** The mark as it lies beside the database, with the place that it is of. */
export const encodeInstallationMark = (mark: InstallationMark, place: string): string =>
  `${JSON.stringify({ v: 1, place, ...mark })}\n`;

/** Null for what is no mark of this place: damaged, or copied along from another one. */
export function decodeInstallationMark(text: string, place: string): InstallationMark | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success || parsed.data.place !== place) return null;
  const { tag, stateVersions, beatsMs } = parsed.data;
  return { tag, stateVersions, ...(beatsMs === undefined ? {} : { beatsMs }) };
}
