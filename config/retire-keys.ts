import { RETIRED_KEYS, RETIRED_VALUES } from './retired-keys.ts';
import { isSettingsMap, overlaySettings, treeOf, valueAt, withoutPath } from './settings-file.ts';

/** A value that goes by the key's new name. */
export interface CarriedValue {
  readonly from: string;
  readonly to: string;
  /** Among the warnings. */
  readonly warning: string;
}

/** Takes the original's keys out of one file's settings: renamed ones move, the others go, each with a warning. */
export function retireKeys(
  tree: Readonly<Record<string, unknown>>,
  file: string,
): {
  readonly tree: Readonly<Record<string, unknown>>;
  readonly warnings: readonly string[];
  readonly carried: readonly CarriedValue[];
} {
  const warnings: string[] = [];
  const carried: CarriedValue[] = [];
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
        const warning = `${path} (${file}) is called ${to} now and was read as that: ${retired.advice}`;
        warnings.push(warning);
        carried.push({ from: path, to, warning });
      } else {
        warnings.push(`${path} (${file}) is called ${to} now, which is also set, and has no effect`);
      }
    }
  }
  for (const { path, isRetired, advice } of RETIRED_VALUES) {
    const value = valueAt(current, path);
    if (!isRetired(value)) continue;
    current = withoutPath(current, path);
    warnings.push(`${path} = ${JSON.stringify(value)} (${file}) has no effect: ${advice}`);
  }
  return { tree: current, warnings, carried };
}

function matches(node: unknown, pattern: readonly string[], prefix: string): string[] {
  const [head, ...rest] = pattern;
  if (head === undefined) return [prefix];
  if (!isSettingsMap(node)) return [];
  const keys = head === '*' ? Object.keys(node) : Object.hasOwn(node, head) ? [head] : [];
  return keys.flatMap((key) => matches(node[key], rest, prefix === '' ? key : `${prefix}.${key}`));
}
