import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface SimulatorProcess {
  readonly child: ChildProcess;
  readonly httpUrl: string;
  readonly wsUrl: string;
  readonly token: string;
  post(path: string, body: unknown): Promise<{ status: number; json: unknown }>;
  kill(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts the simulator as its own process and waits for its ready line. */
export async function startSimulator(...flags: readonly string[]): Promise<SimulatorProcess> {
  const child = spawn(process.execPath, ['local/exchange-simulator/main.ts', ...flags], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout! });
  const [line] = (await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(([code]) =>
      Promise.reject(new Error(`the simulator ended with ${code} before it was ready`)),
    ),
  ])) as [string];
  const ready = JSON.parse(line) as { httpUrl: string; wsUrl: string; controlToken: string };
  return {
    child,
    httpUrl: ready.httpUrl,
    wsUrl: ready.wsUrl,
    token: ready.controlToken,
    async post(path, body) {
      const headers = { 'content-type': 'application/json', 'x-control-token': ready.controlToken };
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const response = await fetch(ready.httpUrl + path, { method: 'POST', body: text, headers });
      return { status: response.status, json: (await response.json()) as unknown };
    },
    async kill(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const ended = once(child, 'exit');
      child.kill(signal);
      const [code] = (await ended) as [number | null];
      return code;
    },
  };
}
