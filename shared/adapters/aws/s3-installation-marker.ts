import { decodeInstallationMark, encodeInstallationMark } from '#shared/messages/installation-mark.ts';
import type { InstallationMarker } from '#shared/ports/installation-marker.ts';
import { readS3Text, type S3Place, writeS3Text } from './s3-text.ts';

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
      return text === null ? null : decodeInstallationMark(text, here);
    },
    write: async (mark) => writeS3Text(place, KEY, encodeInstallationMark(mark, here)),
  };
}
