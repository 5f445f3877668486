import { join } from 'node:path';
import { bundleAll, bundleContainer } from './bundle.ts';

/** `npm run bundle [-- <folder>]`: every function and container as it would be deployed, with its size. */
const outDir = process.argv[2] ?? join(import.meta.dirname, '..', '..', '.state', 'bundles');
const bundles = [
  ...(await bundleAll(join(outDir, 'functions'))),
  await bundleContainer('price-producer', join(outDir, 'containers')),
];
for (const { name, file, bytes } of bundles) {
  console.log(`${name.padEnd(18)} ${(bytes / 1_000_000).toFixed(3).padStart(6)} MB  ${file}`);
}
