import { randomFillSync } from 'node:crypto';
import type { Ids } from '#shared/ports/ids.ts';

const ID_BYTES = 8;
/** Drawn at once: a call of the system for each id would be most of its cost. */
const pool = Buffer.alloc(512 * ID_BYTES);
let used = pool.length;

/** 64 random bits as hex. */
export const randomIds: Ids = {
  next() {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    used += ID_BYTES;
    return pool.toString('hex', used - ID_BYTES, used);
  },
};
