import type { Fault } from '../faults/fault-script.ts';
import type { WireResponse } from './wire-protocol.ts';

export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** How a venue words what a fault does to a request. */
export interface FaultWords {
  /** 429. */
  readonly limited: Reply;
  readonly failed: (status: number) => Reply;
  /** Null: this request can not be refused so. */
  readonly refused: (fault: Extract<Fault, { kind: 'refuse-action' }>) => Reply | null;
}

const JSON_HEADERS = { 'content-type': 'application/json' } as const;

const answer = (reply: Reply, delayMs: number, headers: Record<string, string> = {}): WireResponse => ({
  kind: 'answer',
  status: reply.status,
  headers: { ...JSON_HEADERS, ...reply.headers, ...headers },
  body: reply.body,
  delayMs,
});

const retryAfter = (seconds: number | null | undefined): Record<string, string> =>
  seconds === null ? {} : { 'retry-after': String(seconds ?? 10) };

/** Executes a request as the faults that hit it allow: at once, never, later, or without an answer. */
export function withFaults(
  faults: readonly Fault[],
  execute: () => Reply,
  words: FaultWords,
  after: (delayMs: number, run: () => void) => void,
): WireResponse {
  let delayMs = 0;
  for (const fault of faults) {
    switch (fault.kind) {
      case 'http-429':
        return answer(words.limited, delayMs, retryAfter(fault.retryAfterSeconds));
      case 'refuse-action': {
        const refusal = words.refused(fault);
        if (refusal !== null) return answer(refusal, delayMs);
        break;
      }
      case 'http-5xx':
        if (fault.afterExecution) execute();
        return answer(words.failed(fault.status ?? 502), delayMs);
      case 'accept-then-timeout':
        execute();
        return { kind: 'no-answer', resetAfterMs: fault.resetAfterMs ?? 0 };
      case 'arrive-late':
        after(fault.delayMs, execute);
        return { kind: 'no-answer', resetAfterMs: fault.resetAfterMs ?? null };
      case 'latency':
        delayMs += fault.delayMs;
        break;
      default:
        break;
    }
  }
  return answer(execute(), delayMs);
}
