import type { Writable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import type { InvocationContext } from '#local/emulators/invoker.ts';
import type { Clock } from '#shared/ports/clock.ts';

export interface FunctionHostOptions {
  readonly name: string;
  /** The function's `main.ts`. */
  readonly entry: URL;
  /** All that it sees of the environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly memoryMib: number;
  readonly clock: Clock;
  /** Takes what it prints; this process's own output by default. */
  readonly output?: Writable | undefined;
}

interface Reply {
  readonly ready?: true;
  readonly id?: number;
  readonly value?: string;
  readonly error?: { readonly name: string; readonly message: string; readonly stack?: string };
}

const WORKER = new URL('./function-worker.ts', import.meta.url);
/** Loading the SDK in many threads at once takes its time on a small machine. */
const LOAD_TIMEOUT_MS = 120_000;

/**
 * One instance of a function in a thread of its own, with its own environment: what Lambda makes of it, without a container. One
 * invocation at a time; a timeout or a crash ends the thread, and the next invocation gets a new one.
 */
export class FunctionHost {
  readonly #options: FunctionHostOptions;
  #worker: Promise<Worker> | null = null;
  #calls = 0;

  constructor(options: FunctionHostOptions) {
    this.#options = options;
  }

  /** Loads the function; throws what its start throws, a wrong environment for example. */
  async warm(): Promise<void> {
    await this.#instance();
  }

  /** For `Invoker.register`. */
  handle = async (event: unknown, { functionName, awsRequestId }: InvocationContext): Promise<unknown> => {
    const { name, timeoutMs, clock } = this.#options;
    const worker = await this.#instance();
    this.#calls += 1;
    const id = this.#calls;
    const reply = this.#replyOf(worker, (message) => message.id === id);
    const context = { functionName, awsRequestId };
    worker.postMessage({ id, event: JSON.stringify(event), context, deadlineMs: clock.nowMs() + timeoutMs });
    const { value, error } = await this.#within(reply, timeoutMs, `${name} timed out after ${timeoutMs} ms`);
    if (error) throw Object.assign(new Error(error.message), { name: error.name, stack: error.stack });
    return JSON.parse(value ?? 'null');
  };

  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    await (await worker?.catch(() => null))?.terminate();
  }

  #instance(): Promise<Worker> {
    if (this.#worker) return this.#worker;
    const starting = this.#start();
    this.#worker = starting;
    // Whatever ends it, a failed start included, the next invocation starts another.
    const forget = (): void => {
      if (this.#worker === starting) this.#worker = null;
    };
    starting.then((worker) => worker.once('exit', forget), forget);
    return starting;
  }

  async #start(): Promise<Worker> {
    const { entry, environment, memoryMib, name, output } = this.#options;
    const worker = new Worker(WORKER, {
      name,
      env: { ...environment },
      workerData: { entry: entry.href },
      resourceLimits: { maxOldGenerationSizeMb: memoryMib },
      stdout: output !== undefined,
      stderr: output !== undefined,
    });
    if (output)
      for (const printed of [worker.stdout, worker.stderr]) printed.on('data', (chunk) => output.write(chunk));
    try {
      const ready = this.#replyOf(worker, (message) => message.ready === true);
      await this.#within(ready, LOAD_TIMEOUT_MS, `${name} was not loaded within ${LOAD_TIMEOUT_MS} ms`);
      // Told to whoever waits for a reply; between invocations the exit says enough.
      worker.on('error', () => {});
      return worker;
    } catch (error) {
      await worker.terminate();
      throw error;
    }
  }

  /** The first message that is meant, or the error that ended the thread. */
  #replyOf(worker: Worker, isMeant: (message: Reply) => boolean): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      };
      const onMessage = (message: Reply): void => {
        if (!isMeant(message)) return;
        settle();
        resolve(message);
      };
      const onError = (error: Error): void => {
        settle();
        reject(error);
      };
      const onExit = (code: number): void => {
        settle();
        reject(new Error(`${this.#options.name} exited with code ${code}`));
      };
      worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    });
  }

  async #within<T>(work: Promise<T>, timeoutMs: number, message: string): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const timer = this.#options.clock.setTimer(timeoutMs, () => {
        // As Lambda does: nothing of it goes on.
        const worker = this.#worker;
        this.#worker = null;
        void worker?.then((thread) => thread.terminate()).catch(() => {});
        reject(new Error(message));
      });
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}
