import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CACHE, PythonUnavailable, pythonWith } from '#local/python-venv.ts';

/** The venue's own client, from PyPI. */
const PACKAGES = ['hyperliquid-python-sdk==0.24.0'];
const DRIVER = join(import.meta.dirname, 'python_sdk_driver.py');

export interface PythonSdk {
  // biome-ignore lint/suspicious/noExplicitAny: the SDK's answers are what the test asserts
  info(method: string, ...args: readonly unknown[]): Promise<any>;
  // biome-ignore lint/suspicious/noExplicitAny: see above
  exchange(method: string, args: readonly unknown[], kwargs?: Record<string, unknown>): Promise<any>;
  subscribe(subscription: Record<string, string>): Promise<void>;
  // biome-ignore lint/suspicious/noExplicitAny: see above
  frames(): Promise<any[]>;
  stop(): Promise<void>;
}

/** Python with the SDK; null, said in one line, where it cannot be had or npm's packages must do. CI must have it. */
export async function pythonWithSdk(): Promise<string | null> {
  if (process.env.TEST_NPM_ONLY === '1') {
    process.stderr.write("\nleft out: the simulator against HyperLiquid's Python SDK (npm run test:all)\n");
    return null;
  }
  try {
    return await pythonWith({
      purpose: "HyperLiquid's Python SDK",
      packages: PACKAGES,
      cacheDir: join(CACHE, 'venue-sdk'),
    });
  } catch (error) {
    if (!(error instanceof PythonUnavailable) || !['', '0', 'false', undefined].includes(process.env.CI)) throw error;
    process.stderr.write(
      `\nSKIPPED: the simulator against HyperLiquid's Python SDK (${error.message.split('\n')[0]})\n`,
    );
    return null;
  }
}

/** The SDK in a process of its own. It signs as on the testnet, since the address is not mainnet's. */
export async function startPythonSdk(
  python: string,
  setup: {
    readonly url: string;
    readonly privateKey: string;
    readonly account: string;
    readonly dexes: readonly string[];
  },
): Promise<PythonSdk> {
  const child: ChildProcess = spawn(python, ['-u', DRIVER], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const ended = once(child, 'exit');
  const ask = async (call: unknown): Promise<unknown> => {
    child.stdin!.write(`${JSON.stringify(call)}\n`);
    const line = await lines.next();
    if (line.done) throw new Error('the Python SDK ended');
    const answer = JSON.parse(line.value) as { result?: unknown; error?: string };
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.result;
  };
  await ask(setup);
  return {
    info: (method, ...args) => ask({ on: 'info', method, args }),
    exchange: (method, args, kwargs = {}) => ask({ on: 'exchange', method, args, kwargs }),
    subscribe: async (subscription) => void (await ask({ on: 'socket', subscription })),
    // biome-ignore lint/suspicious/noExplicitAny: see above
    frames: () => ask({ on: 'frames' }) as Promise<any[]>,
    stop: async () => {
      child.stdin!.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), 2_000);
      await ended;
      clearTimeout(timer);
    },
  };
}
