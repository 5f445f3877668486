import { Worker } from 'node:worker_threads';
import type { SeedReply } from './seed-worker.ts';

/** Real time for one seed, loaded machines included; a seed takes a few seconds. */
const SEED_TIMEOUT_MS = 300_000;

/** Runs the seeds on `workers` threads, each seed alone on its thread; `onReply` hears of each as it ends. */
export async function runOnThreads(
  seeds: readonly number[],
  workers: number,
  onReply: (reply: SeedReply) => void,
): Promise<void> {
  const waiting = seeds.values();
  await Promise.all(Array.from({ length: Math.min(workers, seeds.length) }, () => workThrough(waiting, onReply)));
}

async function workThrough(waiting: IterableIterator<number>, onReply: (reply: SeedReply) => void): Promise<void> {
  let worker = newWorker();
  for (const seed of waiting) {
    const reply = await ask(worker, seed);
    onReply(reply);
    // After a crash or a hang the thread's state is anybody's guess.
    if (reply.kind === 'crashed') {
      await worker.terminate();
      worker = newWorker();
    }
  }
  await worker.terminate();
}

const newWorker = () => new Worker(new URL('./seed-worker.ts', import.meta.url));

function ask(worker: Worker, seed: number): Promise<SeedReply> {
  return new Promise((resolve) => {
    const crashed = (error: string) => done({ kind: 'crashed', seed, error });
    const onError = (error: Error) => crashed(error.stack ?? error.message);
    const onExit = (code: number) => crashed(`the thread ended with code ${code}`);
    const timer = setTimeout(() => crashed(`no end after ${SEED_TIMEOUT_MS / 1000} s of real time`), SEED_TIMEOUT_MS);
    const done = (reply: SeedReply) => {
      clearTimeout(timer);
      worker.off('message', done).off('error', onError).off('exit', onExit);
      resolve(reply);
    };
    worker.on('message', done).on('error', onError).on('exit', onExit);
    worker.postMessage(seed);
  });
}
