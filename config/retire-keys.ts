import { RETIRED_KEYS } from './retired-keys.ts';
import { isSettingsMap, overlaySettings, treeOf, valueAt, withoutPath } from './settings-file.ts';

/** Takes the original's keys out of one file's settings: renamed ones move, the others go, each with a warning. */
export function retireKeys(
  tree: Readonly<Record<string, unknown>>,
  file: string,
): { readonly tree: Readonly<Record<string, unknown>>; readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  let current = tree;
  for (const retired of RETIRED_KEYS) {
    for (const path of matches(current, retired.path.split('.'), '')) {
      const value = valueAt(current, path);
      current = withoutPath(current, path);
      const to = retired.renamedTo;
      if (to === undefined) {
        warnings.push(`${path} (${file}) is retired and has no effect: ${retired.advice}`);
      } else if (valueAt(current, to) === undefined) {
        current = overlaySettings(current, treeOf(to, value));
        warnings.push(`${path} (${file}) is called ${to} now and was read as that: ${retired.advice}`);
      } else {
        warnings.push(`${path} (${file}) is called ${to} now, which is also set, and has no effect`);
      }
    }
  }
  return { tree: current, warnings };
}

function matches(node: unknown, pattern: readonly string[], prefix: string): string[] {
  const [head, ...rest] = pattern;
  if (head === undefined) return [prefix];
  if (!isSettingsMap(node)) return [];
  const keys = head === '*' ? Object.keys(node) : Object.hasOwn(node, head) ? [head] : [];
  return keys.flatMap((key) => matches(node[key], rest, prefix === '' ? key : `${prefix}.${key}`));
}
