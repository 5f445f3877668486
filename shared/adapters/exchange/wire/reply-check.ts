import type * as z from 'zod';
import { ExchangeError } from '#shared/ports/exchange.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { exchangeEvents, exchangeMetrics } from '#shared/telemetry/exchange-names.ts';

/** Checks replies of one venue, and counts those that cannot be believed. */
export class ReplyCheck {
  readonly #exchange: string;
  readonly #telemetry: Telemetry;

  constructor(exchange: string, telemetry: Telemetry) {
    this.#exchange = exchange;
    this.#telemetry = telemetry;
  }

  /** Throws {@link malformed} when the reply to `what` has not the agreed shape. */
  parse<S extends z.ZodType>(what: string, schema: S, reply: unknown): z.output<S> {
    const parsed = schema.safeParse(reply);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    throw this.malformed(what, `${issue?.path.join('.') || 'reply'}: ${issue?.message ?? 'unreadable'}`);
  }

  /** Counts a reply that cannot be believed and gives the error to throw. */
  malformed(what: string, why: string): ExchangeError {
    this.#telemetry.count(exchangeMetrics.malformed, 1, { exchange: this.#exchange, what });
    this.#telemetry.log('error', exchangeEvents.malformedReply, { exchange: this.#exchange, what, why });
    return new ExchangeError('malformed-reply', `${what}: ${why}`.slice(0, 300), {
      retryable: false,
      mayHaveReachedVenue: true,
    });
  }

  /** Counts items that are left out on purpose. */
  skipped(what: string, count: number): void {
    if (count > 0) this.#telemetry.count(exchangeMetrics.malformed, count, { exchange: this.#exchange, what });
  }
}
