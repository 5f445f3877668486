/** What a human may mean by `text`: the symbol itself, or its venue symbol or base without regard to case (`btc`, `abc:cl`). */
export function resolveSymbol(
  known: readonly { readonly symbol: string; readonly venueSymbol: string }[],
  text: string,
): string | null {
  const exact = known.find((k) => k.symbol === text);
  if (exact) return exact.symbol;
  const wanted = text.toLowerCase();
  const matches = known.filter((k) =>
    [k.symbol, k.venueSymbol, k.symbol.split('/')[0]].some((name) => name?.toLowerCase() === wanted),
  );
  return matches.length === 1 ? matches[0]!.symbol : null;
}
