import { type CompiledQuery, SelectQueryNode } from 'kysely';

const LIMIT = ' limit ?';

export interface PagedRead {
  /** The statement for rows from `offset`; null when the read's own limit ends before it. */
  page(offset: number, size: number): { readonly sql: string; readonly parameters: readonly unknown[] } | null;
}

/** A read as pages of itself, for an answer that is too large for one response; null when it says no order or is no plain read. */
export function pagesOf({ query, sql, parameters }: CompiledQuery): PagedRead | null {
  if (!SelectQueryNode.is(query) || query.orderBy === undefined || query.offset !== undefined) return null;
  const limited = query.limit !== undefined;
  const max = limited ? parameters.at(-1) : Number.POSITIVE_INFINITY;
  if (typeof max !== 'number' || (limited && !sql.endsWith(LIMIT))) return null;
  const body = limited ? sql.slice(0, -LIMIT.length) : sql;
  const values = limited ? parameters.slice(0, -1) : parameters;
  return {
    page: (offset, size) =>
      offset >= max
        ? null
        : { sql: `${body}${LIMIT} offset ?`, parameters: [...values, Math.min(size, max - offset), offset] },
  };
}
