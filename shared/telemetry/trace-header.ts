import { createHash } from 'node:crypto';

/** What of a message says to which chain it belongs (shared/messages/trace.ts). */
export interface ChainTrace {
  readonly correlationId: string;
  readonly bornAtMs: number;
}

/** A place in an X-Ray trace: the trace and, where known, the segment that caused what follows. */
export interface TracePlace {
  readonly root: string;
  readonly parent: string | null;
}

const ROOT = /^1-[0-9a-f]{8}-[0-9a-f]{24}$/;
const SEGMENT = /^[0-9a-f]{16}$/;

/**
 * X-Ray's id of the trace of a chain. Derived from the correlation id and its birth, so that whoever holds a record, a row or a line
 * of the chain knows its trace, and everything that happens to it falls into one trace without the id being carried along.
 * Format: https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-traceids
 */
export function traceRootOf({ correlationId, bornAtMs }: ChainTrace): string {
  const seconds = Math.max(0, Math.floor(bornAtMs / 1000)) % 2 ** 32;
  const bare = correlationId.toLowerCase();
  const hex = /^[0-9a-f]{1,24}$/.test(bare)
    ? bare
    : createHash('sha256').update(correlationId).digest('hex').slice(0, 24);
  return `1-${seconds.toString(16).padStart(8, '0')}-${hex.padStart(24, '0')}`;
}

/** `Root=…;Parent=…;Sampled=1`, as it travels in `AWSTraceHeader`. */
export const traceHeader = ({ root, parent }: TracePlace): string =>
  `Root=${root}${parent === null ? '' : `;Parent=${parent}`};Sampled=1`;

/** Null when it is none, or says that nobody records this trace. */
export function parseTraceHeader(header: string): TracePlace | null {
  const parts = new Map(header.split(';').map((part) => part.trim().split('=', 2) as [string, string | undefined]));
  const root = parts.get('Root');
  const parent = parts.get('Parent');
  if (root === undefined || !ROOT.test(root) || parts.get('Sampled') === '0') return null;
  return { root, parent: parent !== undefined && SEGMENT.test(parent) ? parent : null };
}

/** The chain that a message's JSON names, or null. */
export function chainTraceIn(text: string): ChainTrace | null {
  try {
    const { trace } = JSON.parse(text) as { trace?: { correlationId?: unknown; bornAtMs?: unknown } };
    const { correlationId, bornAtMs } = trace ?? {};
    return typeof correlationId === 'string' &&
      correlationId !== '' &&
      correlationId.length <= 64 &&
      Number.isFinite(bornAtMs)
      ? { correlationId, bornAtMs: bornAtMs as number }
      : null;
  } catch {
    return null;
  }
}
