import { appendFileSync } from 'node:fs';
import type { FetchLike } from '#shared/adapters/system/keep-alive-fetch.ts';
import type { KillVariant } from './kill-plan.ts';
import type { KillSwitch } from './kill-switch.ts';

const ORDER = /"type":\s*"order"/;
const CLIENT_ORDER_ID = /"c":\s*"(0x[0-9a-f]{32})"/;
const SEND_REPLY: readonly KillVariant[] = ['executed', 'hanging', 'arrives-later', 'arrives-too-late'];

/**
 * The platform's HTTP, with the places around an order request. Every order that leaves is written to `sentPath` first: one
 * client order id a line, over all lives of the sequence. Adds to `heard` the orders that had a reply.
 */
export function watchedFetch(
  fetch: FetchLike,
  parts: { readonly kill: KillSwitch; readonly sentPath: string; readonly heard: Set<string> },
): FetchLike {
  const { kill, sentPath, heard } = parts;
  return async (url, init = {}) => {
    const body = String(init.body ?? '');
    const id = String(url).endsWith('/exchange') && ORDER.test(body) ? CLIENT_ORDER_ID.exec(body)?.[1] : undefined;
    if (id === undefined) return fetch(url, init);
    kill.reach('intent-send', 'unsent', [id]);
    appendFileSync(sentPath, `${id}\n`);
    const answer = fetch(url, init);
    if (SEND_REPLY.some((variant) => kill.isDue('send-reply', variant))) {
      setTimeout(() => kill.die(heard.has(id) ? [] : [id]), kill.plan.delayMs);
    }
    const reply = await answer;
    heard.add(id);
    kill.reach('reply-store', 'heard', [id]);
    return reply;
  };
}
