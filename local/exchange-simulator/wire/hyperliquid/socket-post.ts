import * as z from 'zod';
import type { WireResponse } from '../wire-protocol.ts';

const postSchema = z.object({
  id: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  request: z.object({ type: z.enum(['info', 'action']), payload: z.looseObject({ type: z.string().optional() }) }),
});

/** A request over the socket: the same body that HTTP takes. https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/websocket/post-requests */
export interface Post {
  readonly id: number;
  readonly type: 'info' | 'action';
  readonly path: '/info' | '/exchange';
  readonly body: string;
  readonly infoType: string;
}

/** Null when it is none: without an id the venue could not say whose answer it gives. */
export function readPost(message: Readonly<Record<string, unknown>>): Post | null {
  const parsed = postSchema.safeParse(message);
  if (!parsed.success) return null;
  const { id, request } = parsed.data;
  // As it came: the order of an action's fields is the sender's.
  const { payload } = message.request as { payload: unknown };
  const path = request.type === 'info' ? '/info' : '/exchange';
  return { id, type: request.type, path, body: JSON.stringify(payload), infoType: request.payload.type ?? '' };
}

/** Data of the answer's frame; null for what HTTP could not read, which the socket cannot either. */
export function answerOfPost(post: Post, response: Extract<WireResponse, { kind: 'answer' }>): unknown {
  const { id, type, infoType } = post;
  if (response.status === 422) return null;
  if (response.status !== 200) return { id, response: { type: 'error', payload: `${response.status}` } };
  const data: unknown = JSON.parse(response.body);
  return { id, response: { type, payload: type === 'info' ? { type: infoType, data } : data } };
}
