import type { ExchangeSimulator } from '#local/exchange-simulator/exchange-simulator.ts';
import { createSimulatorFetch } from '#local/exchange-simulator/server/simulator-fetch.ts';
import { openSimulatorSocket } from '#local/exchange-simulator/server/simulator-socket.ts';
import type { ConnectWebSocket } from '#shared/adapters/exchange/wire/web-socket-like.ts';
import type { FetchLike } from '#shared/adapters/system/keep-alive-fetch.ts';
import type { Clock } from '#shared/ports/clock.ts';

/** Where a request is: it left us, the venue has executed it, its reply is about to be heard. */
export type RequestStage = 'left' | 'executed' | 'replied';

export interface NetworkParts {
  readonly simulator: ExchangeSimulator;
  readonly clock: Clock;
  readonly dead: () => boolean;
  /** One way, in ms; asked twice per request. */
  readonly travelMs: () => number;
  /** Told of every order request; may kill the asking process. */
  readonly onOrder: (stage: RequestStage) => void;
}

/**
 * HTTP between one process and the venue. What has left arrives, whether its sender lives or not, and a dead process hears
 * nothing. Requests overtake each other when their travel times say so.
 */
export function mortalFetch(parts: NetworkParts): FetchLike {
  const { clock, dead, travelMs } = parts;
  const venue = createSimulatorFetch(parts.simulator);
  return (input, init = {}) =>
    new Promise<Response>((resolve, reject) => {
      if (dead()) return;
      const isOrder = String(input).endsWith('/exchange') && /"type":\s*"order"/.test(String(init.body));
      const tell = (stage: RequestStage) => {
        if (isOrder && !dead()) parts.onOrder(stage);
      };
      const { signal, ...request } = init;
      const abort = () => dead() || reject(signal?.reason);
      if (signal?.aborted) {
        abort();
        return;
      }
      signal?.addEventListener('abort', abort, { once: true });
      const back = (then: () => void) =>
        clock.setTimer(travelMs(), () => {
          tell('replied');
          signal?.removeEventListener('abort', abort);
          if (!dead()) then();
        });
      clock.setTimer(travelMs(), () => {
        const answer = venue(input, request);
        tell('executed');
        answer.then(
          (reply) => back(() => resolve(reply)),
          (error: unknown) => back(() => reject(error)),
        );
      });
      tell('left');
    });
}

/** The simulator's socket sessions as the feed's sockets; `closeAll` is what the machine does when the process dies. */
export function mortalSockets(
  simulator: ExchangeSimulator,
  clock: Clock,
  dead: () => boolean,
): { readonly connect: ConnectWebSocket; closeAll(): void } {
  const open = new Set<() => void>();
  return {
    closeAll: () => {
      for (const close of open) close();
      open.clear();
    },
    connect: () => {
      const socket = openSimulatorSocket(simulator, { later: (run) => clock.setTimer(1, run), isDead: dead });
      const { close } = socket;
      socket.close = () => {
        open.delete(close);
        close();
      };
      open.add(close);
      return socket;
    },
  };
}
