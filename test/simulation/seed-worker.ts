import { parentPort } from 'node:worker_threads';
import { type SeedResult, simulateSeed } from './simulate-seed.ts';

/** Parent to worker: a seed. Worker to parent: what it came to, or the error that ended it. */
export type SeedReply =
  | { readonly kind: 'result'; readonly result: SeedResult }
  | { readonly kind: 'crashed'; readonly seed: number; readonly error: string };

parentPort?.on('message', async (seed: number) => {
  parentPort?.postMessage(await replyTo(seed));
});

async function replyTo(seed: number): Promise<SeedReply> {
  try {
    return { kind: 'result', result: await simulateSeed(seed) };
  } catch (error) {
    return { kind: 'crashed', seed, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
