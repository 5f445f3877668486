import { type ChainTrace, chainTraceIn } from './trace-header.ts';

export interface TracedMessage {
  readonly trace: ChainTrace;
  /** `AWSTraceHeader` of an SQS message. */
  readonly traceHeader: string | undefined;
  /** A record of a stream: there are many, and most lead to nothing. */
  readonly fromStream: boolean;
}

interface AnyRecord {
  readonly body?: unknown;
  readonly attributes?: { readonly AWSTraceHeader?: unknown };
  readonly kinesis?: { readonly data?: unknown };
}

/**
 * The chains that an event of Lambda names: of each message of a queue, and of the first record of a stream, whose batches are large
 * and would all be read twice. Anything else has none.
 */
export function messagesIn(event: unknown): readonly TracedMessage[] {
  const records = (event as { Records?: unknown } | null | undefined)?.Records;
  if (!Array.isArray(records)) return [];
  const found: TracedMessage[] = [];
  for (const record of records as readonly (AnyRecord | null)[]) {
    const fromStream = typeof record?.kinesis?.data === 'string';
    const header = record?.attributes?.AWSTraceHeader;
    const trace = chainTraceIn(
      fromStream ? Buffer.from(String(record?.kinesis?.data), 'base64').toString() : String(record?.body),
    );
    if (trace !== null) found.push({ trace, traceHeader: typeof header === 'string' ? header : undefined, fromStream });
    if (fromStream) break;
  }
  return found;
}
