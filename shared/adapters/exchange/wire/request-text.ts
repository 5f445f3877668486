import type { Clock } from '#shared/ports/clock.ts';

export interface TextReply {
  readonly status: number;
  /** The venue's wish, from Retry-After in seconds; null when it has none. */
  readonly retryAfterMs: number | null;
  readonly text: string;
}

/** One POST of JSON, or one GET where `body` is null. Rejects on network errors, after `timeoutMs`, and when the reply is larger than a list of prices can be. */
export type RequestText = (
  url: string,
  body: string | null,
  headers: Readonly<Record<string, string>>,
  timeoutMs: number,
) => Promise<TextReply>;

const REPLY_MAX_BYTES = 4_194_304;

/** {@link RequestText} over Node's fetch, which keeps connections open. */
export function requestText(clock: Clock): RequestText {
  return async (url, body, headers, timeoutMs) => {
    const abort = new AbortController();
    const timer = clock.setTimer(timeoutMs, () => abort.abort(new Error(`no reply within ${timeoutMs} ms`)));
    try {
      const reply = await fetch(url, {
        ...(body === null
          ? { headers }
          : { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body }),
        signal: abort.signal,
      });
      const retryAfterS = Number(reply.headers.get('retry-after') ?? Number.NaN);
      return {
        status: reply.status,
        retryAfterMs: Number.isFinite(retryAfterS) && retryAfterS >= 0 ? retryAfterS * 1000 : null,
        text: await bounded(reply),
      };
    } finally {
      timer.cancel();
    }
  };
}

async function bounded(reply: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of reply.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > REPLY_MAX_BYTES) throw new Error(`reply over ${REPLY_MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
