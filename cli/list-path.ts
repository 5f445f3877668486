export interface ListOptions {
  readonly symbol?: string;
  readonly limit?: number;
}

/** A path with a query of the options that were given. */
export function listPath(path: string, options: ListOptions, more: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams(more);
  if (options.symbol !== undefined) query.set('symbol', options.symbol);
  if (options.limit !== undefined) query.set('limit', String(options.limit));
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}
