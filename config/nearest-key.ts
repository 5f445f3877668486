/**
 * Edits that turn `a` into `b`: insert, delete, replace, or swap of two neighbours, each part edited once
 * (optimal string alignment: Levenshtein plus the commonest typing error).
 * @see https://en.wikipedia.org/wiki/Damerau%E2%80%93Levenshtein_distance
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replace = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? beforeLast[j - 2]! + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(replace, swap, last[j]! + 1, row[j - 1]! + 1));
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}

/**
 * The existing dotted key that an unknown one probably means: a misspelt sibling first, then one whose name was cut off, else
 * the same name in another place. Null when nothing is within a third of its length.
 */
export function nearestKey(unknown: string, known: readonly string[]): string | null {
  const parent = unknown.slice(0, unknown.lastIndexOf('.') + 1);
  const leaf = unknown.slice(parent.length);
  if (leaf.length > 64) return null;
  const siblings = known.filter((key) => key.startsWith(parent) && !key.slice(parent.length).includes('.'));
  const sibling = best(leaf, siblings, (key) => key.slice(parent.length));
  return sibling ?? cutOff(leaf, parent, siblings) ?? best(leaf, known, (key) => key.slice(key.lastIndexOf('.') + 1));
}

/** The shortest sibling that begins with the word: `rebalance_freq`. Three letters begin too much. */
function cutOff(leaf: string, parent: string, siblings: readonly string[]): string | null {
  if (leaf.length < 4) return null;
  const longer = siblings.filter((key) => key.startsWith(leaf, parent.length));
  return longer.toSorted((a, b) => a.length - b.length)[0] ?? null;
}

function best(leaf: string, keys: readonly string[], leafOf: (key: string) => string): string | null {
  const limit = Math.max(1, Math.floor(leaf.length / 3));
  let nearest: string | null = null;
  let distance = limit + 1;
  for (const key of keys) {
    const next = editDistance(leaf, leafOf(key));
    if (next < distance) {
      nearest = key;
      distance = next;
    }
  }
  return nearest;
}
