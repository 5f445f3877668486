import { parentPort, workerData } from 'node:worker_threads';

/** A thread that is one function: loads the `main.ts` that AWS would run, with its own environment, and answers one event at a time. */

interface Call {
  readonly id: number;
  /** JSON, as Lambda's own runtime hands it over. */
  readonly event: string;
  readonly context: { readonly functionName: string; readonly awsRequestId: string };
  readonly deadlineMs: number;
}

const port = parentPort;
if (!port) throw new Error('function-worker.ts runs in a worker thread');
const { handler } = (await import((workerData as { entry: string }).entry)) as {
  handler: (event: unknown, context: unknown) => Promise<unknown>;
};

port.on('message', async ({ id, event, context, deadlineMs }: Call) => {
  try {
    const remaining = { getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()) };
    const value = await handler(JSON.parse(event), { ...context, ...remaining });
    port.postMessage({ id, value: JSON.stringify(value ?? null) });
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    port.postMessage({ id, error: { name: error.name, message: error.message, stack: error.stack } });
  }
});
port.postMessage({ ready: true });
