import { randomBytes } from 'node:crypto';
import type { Ids } from '#shared/ports/ids.ts';

/** 64 random bits as hex. */
export const randomIds: Ids = { next: () => randomBytes(8).toString('hex') };
