import {
  decodeObserverDocument,
  OBSERVER_DOCUMENT_BYTES_MAX,
  type ObserverDocument,
} from '#shared/messages/observer-document.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { ObserverDocuments } from '#shared/ports/observer-documents.ts';

export interface HttpObserverOptions {
  /** Address of each third-party observer's document, by observer id. */
  readonly urls: Readonly<Record<string, string>>;
  readonly clock: Pick<Clock, 'setTimer'>;
  readonly fetch?: typeof globalThis.fetch;
  readonly timeoutMs?: number;
  readonly bytesMax?: number;
}

const TIMEOUT_MS = 5_000;

/** Documents that others serve. Redirects are refused: the configured address is the one that is trusted. Read only. */
export function httpObserverDocuments(options: HttpObserverOptions): ObserverDocuments {
  const fetch = options.fetch ?? globalThis.fetch;
  const bytesMax = options.bytesMax ?? OBSERVER_DOCUMENT_BYTES_MAX;

  async function download(url: string, observerId: string, signal: AbortSignal): Promise<ObserverDocument> {
    const response = await fetch(url, { signal, redirect: 'error', headers: { accept: 'application/json' } });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new Error(`observer ${observerId} answered ${response.status}`);
    }
    return decodeObserverDocument(await readLimited(response, bytesMax, observerId), observerId);
  }

  return {
    put: async () => {
      throw new Error('documents of third-party observers are read only');
    },

    async get(observerId) {
      const url = options.urls[observerId];
      if (url === undefined) throw new Error(`observer ${observerId} has no address`);
      const controller = new AbortController();
      const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
      const late = new Error(`observer ${observerId} did not answer within ${timeoutMs} ms`);
      const timer = options.clock.setTimer(timeoutMs, () => controller.abort(late));
      try {
        return await download(url, observerId, controller.signal);
      } finally {
        timer.cancel();
      }
    },
  };
}

/** The body as text; stops reading at the limit, whatever the headers promised. */
async function readLimited(response: Response, bytesMax: number, observerId: string): Promise<string> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw new RangeError(`document of ${observerId} is larger than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
}
