import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Refusal } from '#shared/core/refusal.ts';

/** Thrown by a route for an answer that is no success; nothing in it may hold a secret. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: ContentfulStatusCode;
  readonly code: string;
  readonly numbers: Refusal['numbers'];
  constructor(status: ContentfulStatusCode, code: string, message: string, numbers: Refusal['numbers'] = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.numbers = numbers;
  }
}

export const refusalError = (status: ContentfulStatusCode, refusal: Refusal): HttpError =>
  new HttpError(status, refusal.code, refusal.message, refusal.numbers);

/** Every error has this shape: a code for programs, a sentence for people, the numbers behind it. */
export const errorAnswer = (c: Context, error: HttpError) =>
  c.json({ error: { code: error.code, message: error.message, numbers: error.numbers } }, error.status);
