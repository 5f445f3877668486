import type { Reply } from '../with-faults.ts';

/** A refusal by number. Texts vary at the venue; the number is what counts. https://developers.binance.com/docs/derivatives/usds-margined-futures/error-code */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  readonly status: number;

  constructor(code: number, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export const replyOf = ({ code, message, status }: ApiError): Reply => ({
  status,
  body: JSON.stringify({ code, msg: message }),
});

export const missing = (name: string): ApiError =>
  new ApiError(-1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`);
