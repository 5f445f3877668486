import type { FaultScript } from '../faults/fault-script.ts';
import type { Publisher } from '../venue/publisher.ts';
import type { World } from '../venue/world.ts';
import type { SocketSession } from './socket-session.ts';
import type { Sockets } from './sockets.ts';

export interface WireRequest {
  /** POST when absent. */
  readonly method?: string;
  /** Path only. */
  readonly path: string;
  /** What stands behind the question mark, as sent. */
  readonly query?: string;
  readonly body: string;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** What a transport must do: answer after `delayMs`, or keep silent and break the connection after `resetAfterMs` (null: never). */
export type WireResponse =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      readonly delayMs: number;
    }
  | { readonly kind: 'no-answer'; readonly resetAfterMs: number | null };

/** What a venue's protocol is given. */
export interface WireParts {
  readonly world: () => World;
  readonly faults: FaultScript;
  /** Runs something at a later market time. */
  readonly after: (delayMs: number, run: () => void) => void;
  /** Signatures of the testnet are expected. */
  readonly testnet: boolean;
}

/** The venue as its clients see it: one folder of `wire/` for each protocol, over the same accounts, books and orders. */
export interface Wire extends Publisher {
  readonly sockets: Sockets;
  /** What a client's socket address ends with. */
  readonly socketPath: string;
  http(request: WireRequest): WireResponse;
  /** A socket was opened at that path; false refuses it. `opened` is told what `connect` made of it. */
  acceptsSocket(path: string): boolean;
  opened(session: SocketSession, path: string): void;
  message(session: SocketSession, text: string): void;
  /** Something of the wire's own is due now: called at each instant, before the frames leave. */
  beforeFlush(): void;
}

export type OpenWire = (parts: WireParts) => Wire;
