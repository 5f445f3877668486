import type { InstallationMarker } from '#shared/ports/installation-marker.ts';
import type { ObserverDocuments } from '#shared/ports/observer-documents.ts';
import type { AwsEnvironment } from './aws-endpoint.ts';
import type { MarkerPlace } from './open-s3.ts';

/**
 * `openS3` for who seldom needs it: S3's client is a tenth of a bundle, and is read when it is first used. Who imports this is named
 * in infra/bundling/bundle.ts, so that its bundle keeps the client as a file of its own.
 */
export function lazyS3(environment: AwsEnvironment) {
  const s3 = once(async () => (await import('./open-s3.ts')).openS3(environment));
  return {
    installationMarker(place: MarkerPlace): InstallationMarker {
      const marker = once(async () => (await s3()).installationMarker(place));
      return { read: async () => (await marker()).read(), write: async (mark) => (await marker()).write(mark) };
    },
    observerDocuments(bucket: string): ObserverDocuments {
      const documents = once(async () => (await s3()).observerDocuments(bucket));
      return {
        put: async (document) => (await documents()).put(document),
        get: async (observerId) => (await documents()).get(observerId),
      };
    },
  };
}

function once<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | null = null;
  return () => {
    opened ??= open();
    return opened;
  };
}
