import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import type { Clock } from '#shared/ports/clock.ts';
import { type ChainTrace, chainTraceIn, parseTraceHeader, traceHeader, traceRootOf } from './trace-header.ts';

/** A segment document of X-Ray. https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html */
export interface SegmentDocument {
  readonly name: string;
  readonly id: string;
  readonly trace_id: string;
  readonly parent_id?: string;
  readonly start_time: number;
  readonly end_time: number;
  readonly annotations: Readonly<Record<string, string>>;
  readonly fault?: true;
}

export interface TraceChainOptions {
  /** Name of the segments: the function's. */
  readonly name: string;
  readonly clock: Pick<Clock, 'nowMs'>;
  /** Sends finished segments; it never rejects. */
  readonly emit: (segments: readonly SegmentDocument[]) => Promise<void>;
  readonly segmentId?: () => string;
}

/** Chains that one invocation took part in; more are not traced. */
const CHAINS_MAX = 50;

interface OpenSegment {
  readonly id: string;
  readonly parent: string | null;
  readonly correlationId: string;
}

/**
 * One segment per chain that an invocation took part in: those that its messages came from, and those that it sent messages of. A
 * message carries the segment of its sender on, so decision → order → fill is one trace across queues.
 */
export class TraceChain {
  readonly #options: TraceChainOptions;
  readonly #open = new Map<string, OpenSegment>();
  #beganMs = 0;

  constructor(options: TraceChainOptions) {
    this.#options = options;
  }

  begin(): void {
    this.#open.clear();
    this.#beganMs = this.#options.clock.nowMs();
  }

  /** A message that came in, with the `AWSTraceHeader` that it had. */
  joined(trace: ChainTrace, header: string | undefined): void {
    const place = header === undefined ? null : parseTraceHeader(header);
    const root = traceRootOf(trace);
    this.#segment(root, trace, place?.root === root ? place.parent : null);
  }

  /** `AWSTraceHeader` for a message that goes out, or null when it belongs to no chain. */
  headerOf(body: string): string | null {
    const trace = chainTraceIn(body);
    if (trace === null) return null;
    const root = traceRootOf(trace);
    return traceHeader({ root, parent: this.#segment(root, trace, null)?.id ?? null });
  }

  async end(failed: boolean): Promise<void> {
    const { clock, emit, name } = this.#options;
    const endedMs = clock.nowMs();
    const segments = [...this.#open].map(([root, { id, parent, correlationId }]) => ({
      name,
      id,
      trace_id: root,
      ...(parent === null ? {} : { parent_id: parent }),
      start_time: this.#beganMs / 1000,
      end_time: endedMs / 1000,
      annotations: { correlationId },
      ...(failed ? { fault: true as const } : {}),
    }));
    this.#open.clear();
    if (segments.length > 0) await emit(segments);
  }

  #segment(root: string, { correlationId }: ChainTrace, parent: string | null): OpenSegment | null {
    const known = this.#open.get(root);
    if (known) return known;
    if (this.#open.size >= CHAINS_MAX) return null;
    const id = this.#options.segmentId?.() ?? randomBytes(8).toString('hex');
    const segment = { id, parent, correlationId };
    this.#open.set(root, segment);
    return segment;
  }
}

const HEADER = '{"format":"json","version":1}\n';
const SEND_TIMEOUT_MS = 200;

/**
 * Sends segments to the X-Ray daemon beside the function, `AWS_XRAY_DAEMON_ADDRESS` (`host:port`, UDP). Awaited, because what is
 * still under way when a Lambda is frozen arrives an invocation later or never; lost segments are nobody's failure.
 */
export function daemonEmitter(address: string, clock: Pick<Clock, 'setTimer'>) {
  const [host = '127.0.0.1', port = '2000'] = address.split(':');
  return (segments: readonly SegmentDocument[]): Promise<void> =>
    new Promise((resolve) => {
      const socket = createSocket('udp4');
      const timer = clock.setTimer(SEND_TIMEOUT_MS, () => finish());
      let finished = false;
      const finish = () => {
        if (finished) return;
        finished = true;
        timer.cancel();
        socket.close();
        resolve();
      };
      socket.on('error', finish);
      let left = segments.length;
      for (const segment of segments) {
        socket.send(HEADER + JSON.stringify(segment), Number(port), host, () => {
          left -= 1;
          if (left === 0) finish();
        });
      }
      if (left === 0) finish();
    });
}
