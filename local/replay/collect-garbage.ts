import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Collects all garbage now. Between two lives of the platform nearly everything is garbage, and the engine, with gigabytes
 * free, would let it lie: the memory of a replay then grows with its length for no reason.
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
