import * as z from 'zod';
import type { InstallationMarker } from '#shared/ports/installation-marker.ts';
import { readS3Text, type S3Place, writeS3Text } from './s3-text.ts';

const schema = z.object({
  v: z.literal(1),
  place: z.string(),
  tag: z.string().regex(/^[0-9a-f]{8}$/),
  stateVersions: z.record(z.string().max(64), z.int().min(0)),
  beatsMs: z.record(z.string().max(64), z.int().min(0)).optional(),
});

const KEY = 'installation.json';
const BYTES_MAX = 65_536;

/**
 * The mark as an object in a bucket of its own stage. Its place is the bucket with the cluster: a mark that was copied along, or one
 * that another database left, is none.
 */
export function createS3InstallationMarker(place: S3Place & { readonly clusterArn: string }): InstallationMarker {
  const here = `s3://${place.bucket} ${place.clusterArn}`;
  return {
    async read() {
      const text = await readS3Text(place, KEY, BYTES_MAX);
      if (text === null) return null;
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        return null;
      }
      const parsed = schema.safeParse(value);
      if (!parsed.success || parsed.data.place !== here) return null;
      const { tag, stateVersions, beatsMs } = parsed.data;
      return { tag, stateVersions, ...(beatsMs === undefined ? {} : { beatsMs }) };
    },
    write: async (mark) => writeS3Text(place, KEY, `${JSON.stringify({ v: 1, place: here, ...mark })}\n`),
  };
}
