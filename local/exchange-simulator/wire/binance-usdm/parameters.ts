import { type Decimal, dec, isDecimalText } from '#shared/core/decimal.ts';
import type { MarketState, World } from '../../venue/world.ts';
import { ApiError, missing } from './api-error.ts';

/** Parameters of query and form body; the query wins. Every reader throws {@link ApiError}. */
export class Parameters {
  readonly #values: URLSearchParams;

  constructor(query: string, body: string) {
    this.#values = new URLSearchParams(body);
    for (const [name, value] of new URLSearchParams(query)) this.#values.set(name, value);
    for (const [name, value] of this.#values) {
      if (value === '') throw new ApiError(-1105, `Parameter '${name}' was empty.`);
    }
  }

  text(name: string): string {
    const value = this.#values.get(name);
    if (value === null) throw missing(name);
    return value;
  }

  optional(name: string): string | null {
    return this.#values.get(name);
  }

  whole(name: string): number | null {
    const value = this.#values.get(name);
    if (value === null) return null;
    if (!/^\d{1,16}$/.test(value)) {
      throw new ApiError(-1100, `Illegal characters found in parameter '${name}'; legal range is '^[0-9]{1,20}$'.`);
    }
    return Number(value);
  }

  limit(most: number, otherwise: number): number {
    const limit = this.whole('limit') ?? otherwise;
    if (limit < 1 || limit > most) throw new ApiError(-1130, `Data sent for parameter 'limit' is not valid.`);
    return limit;
  }

  number(name: string): Decimal {
    const value = this.text(name);
    if (!isDecimalText(value)) throw new ApiError(-1102, `Mandatory parameter '${name}' was malformed.`);
    return dec(value);
  }

  oneOf<T extends string>(name: string, allowed: readonly T[], otherwise: T): T {
    const value = this.#values.get(name) ?? otherwise;
    if (!(allowed as readonly string[]).includes(value)) throw new ApiError(-1116, `Invalid ${name}.`);
    return value as T;
  }

  market(world: World): MarketState {
    const market = world.byCoin.get(this.text('symbol'));
    if (!market) throw new ApiError(-1121, 'Invalid symbol.');
    return market;
  }
}
