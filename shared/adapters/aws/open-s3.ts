import { S3Client } from '@aws-sdk/client-s3';
import type { InstallationMarker } from '#shared/ports/installation-marker.ts';
import type { ObserverDocuments } from '#shared/ports/observer-documents.ts';
import { type AwsEnvironment, awsClientOptions } from './aws-endpoint.ts';
import { createS3InstallationMarker } from './s3-installation-marker.ts';
import { createS3ObserverDocuments } from './s3-observer-documents.ts';

export interface MarkerPlace {
  readonly bucket: string;
  readonly clusterArn: string;
}

/** What a process keeps in S3, behind one client. */
export function openS3(environment: AwsEnvironment): {
  installationMarker(place: MarkerPlace): InstallationMarker;
  observerDocuments(bucket: string): ObserverDocuments;
} {
  const client = new S3Client(awsClientOptions('s3', environment));
  return {
    installationMarker: (place) => createS3InstallationMarker({ client, ...place }),
    observerDocuments: (bucket) => createS3ObserverDocuments({ client, bucket }),
  };
}
