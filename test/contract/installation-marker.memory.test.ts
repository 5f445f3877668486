import { memoryInstallationMarker } from '#shared/adapters/memory/installation-marker.ts';
import { installationMarkerContract } from './installation-marker.contract.ts';

installationMarkerContract('memory', async () => memoryInstallationMarker());
