import { isSettingsMap, overlaySettings, treeOf, valueAt } from './settings-file.ts';

type Tree = Readonly<Record<string, unknown>>;

/** Of such a pair exactly one has a value; the other is null. */
const PAIRS: readonly (readonly [string, string])[] = [
  ['reconciliation_engine.risk_pos_size', 'reconciliation_engine.risk_pos_percentage'],
];

/** Who sets one of a pair and says nothing of the other means that one: what stands below gives way, with a warning. */
export function giveWay(
  below: Tree,
  layer: Tree,
  file: string,
): { readonly tree: Tree; readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  let tree = layer;
  for (const [a, b] of PAIRS) {
    for (const [set, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const isChosen = (valueAt(layer, set) ?? null) !== null && valueAt(layer, other) === undefined;
      const former = valueAt(below, other) ?? null;
      if (!isChosen || former === null || isSettingsMap(former)) continue;
      tree = overlaySettings(tree, treeOf(other, null));
      warnings.push(
        `${other} = ${JSON.stringify(former)} gives way to ${set} (${file}): only one of the two may be set`,
      );
    }
  }
  return { tree, warnings };
}
