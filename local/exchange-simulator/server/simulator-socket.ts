import type { WebSocketLike } from '#shared/adapters/exchange/wire/web-socket-like.ts';
import type { ExchangeSimulator } from '../exchange-simulator.ts';

/** Where the frames of a simulator in the same process go, without a socket between. */
export interface SimulatorSocketOptions {
  /** Path and query that the client asked for. */
  readonly path?: string;
  /** Runs something after the handlers are set: the opening, or its refusal. */
  readonly later: (run: () => void) => void;
  /** True from the moment on at which nobody listens or speaks any more. */
  readonly isDead?: () => boolean;
}

/** A client's socket of a simulator in the same process: the same session and frames that a real one gets. */
export function openSimulatorSocket(simulator: ExchangeSimulator, options: SimulatorSocketOptions): WebSocketLike {
  const isDead = options.isDead ?? (() => false);
  let closed = false;
  const end = (reason: string) => {
    if (closed || isDead()) return;
    closed = true;
    socket.onClose?.(reason);
  };
  const session = simulator.connect(
    {
      frame: (text) => {
        if (!closed && !isDead()) socket.onMessage?.(text);
      },
      close: (code, reason) => end(`closed by the venue: ${code} ${reason}`),
    },
    '',
    options.path,
  );
  const socket: WebSocketLike = {
    onOpen: null,
    onMessage: null,
    onClose: null,
    send: (text) => {
      if (closed) throw new Error('the socket is not open');
      if (!isDead()) session?.onMessage(text);
    },
    close: () => {
      closed = true;
      session?.close();
    },
  };
  options.later(() => {
    if (closed || isDead()) return;
    if (session) socket.onOpen?.();
    else end('refused by the venue');
  });
  return socket;
}
