import { isMap, isScalar, isSeq, LineCounter, type Pair, parseDocument } from 'yaml';
import type { ConfigProblem } from './config-error.ts';

const MAX_FILE_BYTES = 262_144;

export interface SettingsText {
  /** As shown in problems: `config/local.yaml`. */
  readonly file: string;
  readonly text: string;
}

export interface ParsedSettings {
  readonly tree: Readonly<Record<string, unknown>>;
  /** Line of each dotted key. */
  readonly lines: ReadonlyMap<string, number>;
  /** The comment above each dotted key. */
  readonly comments: ReadonlyMap<string, string>;
  readonly problems: readonly ConfigProblem[];
}

/** Parses one YAML file of settings; every syntax error and doubled key is a problem with its line. */
export function parseSettings({ file, text }: SettingsText): ParsedSettings {
  const empty = { tree: {}, lines: new Map<string, number>(), comments: new Map<string, string>() };
  const whole = (expected: string) => ({ path: '', value: null, expected, nearest: null, where: file });
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) {
    return { ...empty, problems: [whole(`expected at most ${MAX_FILE_BYTES} bytes`)] };
  }
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, uniqueKeys: true });
  const problems: ConfigProblem[] = document.errors.map((error) => ({
    path: '',
    value: null,
    expected: `expected valid YAML: ${error.message}`,
    nearest: null,
    where: `${file}:${counter.linePos(error.pos[0]).line}`,
  }));
  if (problems.length > 0) return { ...empty, problems };
  if (document.contents === null) return { ...empty, problems };
  if (!isMap(document.contents)) return { ...empty, problems: [whole('expected a map of settings')] };

  const lines = new Map<string, number>();
  const comments = new Map<string, string>();
  const visit = (node: unknown, path: string): void => {
    if (isMap(node)) {
      node.items.forEach((pair: Pair, index) => {
        if (!isScalar(pair.key)) return;
        const key = path === '' ? String(pair.key.value) : `${path}.${String(pair.key.value)}`;
        const range = pair.key.range;
        if (range) lines.set(key, counter.linePos(range[0]).line);
        // YAML attaches the comment above a map's first key to the map itself.
        const comment = pair.key.commentBefore ?? (index === 0 ? node.commentBefore : null);
        if (comment) comments.set(key, cleanComment(comment));
        visit(pair.value, key);
      });
    } else if (isSeq(node)) {
      node.items.forEach((item, index) => {
        visit(item, `${path}.${index}`);
      });
    }
  };
  visit(document.contents, '');
  try {
    const tree = document.toJS({ maxAliasCount: 100 }) as Record<string, unknown>;
    return { tree, lines, comments, problems };
  } catch (error) {
    return { ...empty, problems: [whole(`expected valid YAML: ${(error as Error).message}`)] };
  }
}

/** The last paragraph, as one line: earlier paragraphs belong to the file. */
const cleanComment = (comment: string): string =>
  (comment.split(/\n\s*\n/).at(-1) ?? '')
    .split('\n')
    .map((line) => line.trim())
    .join(' ')
    .trim();

export const isSettingsMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Maps merge, everything else replaces. Builds new objects; a key such as `__proto__` stays a plain key. */
export function overlaySettings(
  base: Readonly<Record<string, unknown>>,
  over: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(over)) {
    const below = merged.get(key);
    merged.set(key, isSettingsMap(below) && isSettingsMap(value) ? overlaySettings(below, value) : value);
  }
  return Object.fromEntries(merged);
}

/** Value at a dotted path, or undefined. */
export function valueAt(tree: unknown, path: string): unknown {
  let node = tree;
  for (const key of path.split('.')) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, key)) return undefined;
    node = (node as Record<string, unknown>)[key];
  }
  return node;
}

/** A tree with one value, for `--config a.b=c`. */
export const treeOf = (path: string, value: unknown): Record<string, unknown> =>
  path.split('.').reduceRight<unknown>((inner, key) => Object.fromEntries([[key, inner]]), value) as Record<
    string,
    unknown
  >;

/** A copy without one dotted path; maps that become empty go too. */
export function withoutPath(tree: Readonly<Record<string, unknown>>, path: string): Record<string, unknown> {
  const [head = '', ...rest] = path.split('.');
  const entries = Object.entries(tree).flatMap(([key, value]): [string, unknown][] => {
    if (key !== head) return [[key, value]];
    if (rest.length === 0 || !isSettingsMap(value)) return rest.length === 0 ? [] : [[key, value]];
    const inner = withoutPath(value, rest.join('.'));
    return Object.keys(inner).length === 0 ? [] : [[key, inner]];
  });
  return Object.fromEntries(entries);
}
