import { join } from 'node:path';
import { CACHE, PythonUnavailable, pythonWith } from '../python-venv.ts';

/** Tried together: what the emulator of AWS is and what it leaves to its user to choose. */
export const MINISTACK_PACKAGES: readonly string[] = [
  'ministack==1.5.33',
  'hypercorn==0.18.0',
  'h2==4.4.1',
  'cbor2==6.2.1',
];

/** `npm run clean` may forget it, the next start makes it again. */
export const MINISTACK_CACHE = join(CACHE, 'ministack');

/** Says what is missing and how to get it. */
export class MinistackUnavailable extends Error {
  override readonly name = 'MinistackUnavailable';
}

/** Path of the Python that has ministack; installs it at the first call (about 15 s, 91 MB). */
export async function ministackPython(python = 'python3', cacheDir = MINISTACK_CACHE): Promise<string> {
  try {
    return await pythonWith({ purpose: 'the local AWS emulator', packages: MINISTACK_PACKAGES, cacheDir, python });
  } catch (error) {
    if (!(error instanceof PythonUnavailable)) throw error;
    throw new MinistackUnavailable(error.message, { cause: error });
  }
}
