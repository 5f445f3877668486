/**
 * The few things that a feed wants of a socket. Handlers are set right after `connect` returns; none is called before that.
 * After `close` no handler is called any more.
 */
export interface WebSocketLike {
  onOpen: (() => void) | null;
  /** One text frame. */
  onMessage: ((text: string) => void) | null;
  /** The end, whoever caused it; called at most once. */
  onClose: ((reason: string) => void) | null;
  /** Throws when the socket is not open. */
  send(text: string): void;
  /** At once, without a closing handshake. */
  close(): void;
}

export type ConnectWebSocket = (url: string) => WebSocketLike;
