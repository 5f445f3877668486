/** Names of metrics in a query: what is neither text, label, duration, function nor keyword. */
export function metricsIn(query: string): readonly string[] {
  const bare = query
    .replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/\b(?:by|without|on|ignoring)\s*\([^)]*\)/g, '');
  return [...bare.matchAll(/[a-zA-Z_:][\w:]*(?!\w)(?!\s*\()/g)].map((m) => m[0]).filter((word) => word !== 'sum');
}
