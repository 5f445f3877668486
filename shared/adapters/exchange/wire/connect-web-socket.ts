import { WebSocket } from 'ws';
import type { WebSocketLike } from './web-socket-like.ts';

/** Above it the client closes with 1009 instead of buffering; what is smaller but still too large the feed drops itself. */
const MAX_PAYLOAD_BYTES = 4_194_304;

/** A client of the `ws` package behind {@link WebSocketLike}. */
export function connectWebSocket(url: string): WebSocketLike {
  const socket = new WebSocket(url, { maxPayload: MAX_PAYLOAD_BYTES, perMessageDeflate: false });
  let ended = false;
  const end = (reason: string) => {
    if (ended) return;
    ended = true;
    like.onClose?.(reason);
  };
  const like: WebSocketLike = {
    onOpen: null,
    onMessage: null,
    onClose: null,
    send: (text) => {
      if (socket.readyState !== WebSocket.OPEN) throw new Error('the socket is not open');
      socket.send(text);
    },
    close: () => {
      ended = true;
      like.onOpen = null;
      like.onMessage = null;
      socket.terminate();
    },
  };
  socket.on('open', () => like.onOpen?.());
  socket.on('message', (data) => like.onMessage?.(data.toString()));
  // Also after `close`: terminating a socket that is still connecting emits an error, which would end the process unheard.
  socket.on('error', (error) => end(error.message));
  socket.on('close', (code) => end(`closed with code ${code}`));
  return like;
}
