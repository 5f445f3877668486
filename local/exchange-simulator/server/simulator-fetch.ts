import type { ExchangeSimulator } from '../exchange-simulator.ts';

/**
 * `fetch` for a simulator in the same process: no socket, the same answers. Delays and broken connections happen in the
 * simulator's market time (`after`), so a virtual clock drives them. ccxt takes it as `fetchImplementation`.
 */
export function createSimulatorFetch(simulator: ExchangeSimulator): typeof fetch {
  return (input, init) =>
    new Promise((resolve, reject) => {
      const url = new URL(input instanceof Request ? input.url : String(input));
      const signal = init?.signal ?? undefined;
      const onAbort = () => reject(signal?.reason ?? new DOMException('This operation was aborted', 'AbortError'));
      if (signal?.aborted) {
        onAbort();
        return;
      }
      signal?.addEventListener('abort', onAbort, { once: true });
      const headers = Object.fromEntries(new Headers(init?.headers).entries());
      const response = simulator.handle({
        method: init?.method ?? 'GET',
        path: url.pathname,
        query: url.search.slice(1),
        body: String(init?.body ?? ''),
        headers,
      });
      const later = (delayMs: number, run: () => void) => (delayMs > 0 ? simulator.after(delayMs, run) : run());
      if (response.kind === 'no-answer') {
        const broken = () =>
          reject(
            new TypeError('fetch failed', {
              cause: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
            }),
          );
        if (response.resetAfterMs !== null) later(response.resetAfterMs, broken);
        return;
      }
      later(response.delayMs, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve(new Response(response.body, { status: response.status, headers: response.headers }));
      });
    });
}
