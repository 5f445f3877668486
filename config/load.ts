import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse as parseYaml } from 'yaml';
import type * as z from 'zod';
import { giveWay } from './alternatives.ts';
import { ConfigError, type ConfigProblem, shownValue } from './config-error.ts';
import { CROSS_CHECKS, type CrossCheck } from './cross-checks.ts';
import { KIND_SETTINGS } from './kind-settings.ts';
import { nearestKey } from './nearest-key.ts';
import { type CarriedValue, retireKeys } from './retire-keys.ts';
import { type Config, configSchema } from './schema.ts';
import {
  isSettingsMap,
  overlaySettings,
  parseSettings,
  type SettingsText,
  treeOf,
  valueAt,
  withoutPath,
} from './settings-file.ts';
import { type ExchangeKind, resolveExchanges, VENUES } from './venues.ts';

export interface LoadedConfig {
  readonly config: Config;
  /** Keys of the original that were renamed or have no effect. */
  readonly warnings: readonly string[];
}

/**
 * Reads default.yaml and `<stage>.yaml`, lays the second and then `overrides` (`key=value`, values in YAML) over the first and
 * over what the kind of venue asks for, checks everything and freezes it. Throws {@link ConfigError} with every problem at once. The only reader of these files.
 */
export function loadConfig(options: {
  readonly stage: string;
  readonly overrides?: readonly string[];
  /** Folder of the YAML files; this one by default. */
  readonly dir?: string;
  /** Rules beside those that hold everywhere, so that their problems are listed with the others. */
  readonly checks?: readonly CrossCheck[];
}): LoadedConfig {
  const dir = options.dir ?? fileURLToPath(new URL('.', import.meta.url));
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(options.stage)) {
    throw new ConfigError([whole(`expected a stage name such as local, not ${JSON.stringify(options.stage)}`, null)]);
  }
  const names = [...new Set(['default', options.stage])];
  const files = names.map((name) => readSettings(dir, `${name}.yaml`));
  return checkConfig(files, options.overrides ?? [], options.checks ?? []);
}

/** The same from texts, so that nothing but `loadConfig` touches the disk. */
export function checkConfig(
  files: readonly SettingsText[],
  overrides: readonly string[],
  checks: readonly CrossCheck[] = [],
): LoadedConfig {
  const problems: ConfigProblem[] = [];
  const warnings: string[] = [];
  const writtenAt = new Map<string, string>();
  const carried = new Map<string, CarriedValue & { readonly layer: number }>();
  const layers: Record<string, unknown>[] = [];
  let unreadable = false;

  const addLayer = (tree: Readonly<Record<string, unknown>>, source: string): void => {
    const retired = retireKeys(tree, source);
    for (const value of retired.carried) {
      carried.set(value.to, { ...value, layer: layers.length });
      const where = whereOf(value.from, writtenAt);
      if (where !== null) writtenAt.set(value.to, where);
    }
    const given = giveWay(withKindSettings(layers), retired.tree, source);
    warnings.push(...retired.warnings, ...given.warnings);
    layers.push({ ...given.tree });
  };
  for (const file of files) {
    const parsed = parseSettings(file);
    problems.push(...parsed.problems);
    unreadable ||= parsed.problems.length > 0;
    for (const [key, line] of parsed.lines) writtenAt.set(key, `${file.file}:${line}`);
    addLayer(parsed.tree, file.file);
  }
  for (const override of overrides) {
    const parsed = parseOverride(override);
    if ('expected' in parsed) {
      problems.push(parsed);
      continue;
    }
    writtenAt.set(parsed.key, '--config');
    addLayer(treeOf(parsed.key, parsed.value), '--config');
  }
  // A file that cannot be read leaves holes that would only repeat its own problem.
  if (unreadable) throw new ConfigError(problems);

  const rules = [...CROSS_CHECKS, ...checks];
  const placeOf = (path: string) => whereOf(path, writtenAt);
  let judged = judge(layers, rules, placeOf);
  const unfit = judged.rules.flatMap(({ path, expected }) => {
    const value = carried.get(path);
    return value ? [{ ...value, expected }] : [];
  });
  for (const { from, to, warning, layer, expected } of unfit) {
    // Right by the original's rules: the file is no worse for it, and the default is known to fit.
    const value = shownValue(to, valueAt(layers[layer], to));
    layers[layer] = withoutPath(layers[layer] ?? {}, to);
    warnings[warnings.indexOf(warning)] =
      `${from} = ${value} (${placeOf(to) ?? 'settings'}) is called ${to} now and was not taken over: ${expected}`;
  }
  if (unfit.length > 0) judged = judge(layers, rules, placeOf);
  const { merged, result } = judged;
  problems.push(
    ...[...judged.schema, ...judged.rules].map((problem) => ({
      path: problem.path,
      value: shownValue(problem.path, valueAt(merged, problem.path)),
      expected: problem.expected,
      nearest: problem.nearest ?? null,
      where: placeOf(problem.path),
    })),
  );
  if (problems.length > 0 || !result.success) throw new ConfigError(problems);
  return { config: deepFreeze(result.data) as Config, warnings };
}

/** The settings that the layers make, what of them is not in the schema's order, and which rules between keys they break. */
function judge(
  layers: readonly Record<string, unknown>[],
  checks: readonly CrossCheck[],
  placeOf: (path: string) => string | null,
) {
  const merged = withKindSettings(layers);
  const result = configSchema.safeParse(merged);
  const schema: RawProblem[] = result.success ? [] : result.error.issues.flatMap((issue) => fromIssue(issue, merged));
  const rules: RawProblem[] = [];
  for (const rule of checks) {
    if (rule.needs.some((need) => [...schema, ...rules].some((problem) => overlaps(problem.path, need)))) continue;
    // Parsed values where all is well; else the merged ones, of which the needed ones are known to be right.
    rules.push(...rule.check((result.success ? result.data : merged) as Config, placeOf));
  }
  return { merged, result, schema, rules };
}

/** Lays each layer over the one before; what the kind of venue asks for comes right after the first, which has every key. */
function withKindSettings(layers: readonly Record<string, unknown>[]): Record<string, unknown> {
  const lay = (all: readonly Record<string, unknown>[]) =>
    all.reduce((below, layer) => overlaySettings(below, layer), {});
  const [first = {}, ...rest] = layers;
  const exchanges = resolveExchanges(first.exchanges, lay(rest).exchanges);
  const kinds = isSettingsMap(exchanges) ? Object.values(exchanges).map((entry) => valueAt(entry, 'kind')) : [];
  const [kind] = kinds;
  // Settings that only one kind can have hold where every exchange is of it; beside another kind each exchange has its own.
  const isAsked =
    typeof kind === 'string' && kinds.every((other) => other === kind) && Object.hasOwn(KIND_SETTINGS, kind);
  const merged = lay([first, isAsked ? (KIND_SETTINGS[kind as ExchangeKind] ?? {}) : {}, ...rest]);
  return exchanges === undefined ? merged : { ...merged, exchanges };
}

interface RawProblem {
  readonly path: string;
  readonly expected: string;
  readonly nearest?: string | null;
}

function readSettings(dir: string, name: string): SettingsText {
  try {
    return { file: `config/${name}`, text: readFileSync(join(dir, name), 'utf8') };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const problem =
      code === 'ENOENT' ? `expected a stage that has a file: ${stagesIn(dir)}` : `expected a readable file: ${message}`;
    throw new ConfigError([whole(problem, `config/${name}`)]);
  }
}

const stagesIn = (dir: string): string =>
  readdirSync(dir)
    .flatMap((name) => (name.endsWith('.yaml') && name !== 'default.yaml' ? [name.slice(0, -'.yaml'.length)] : []))
    .join(', ');

function parseOverride(text: string): { key: string; value: unknown } | ConfigProblem {
  const equals = text.indexOf('=');
  const key = text.slice(0, Math.max(0, equals)).trim();
  const bad = (expected: string): ConfigProblem => ({
    path: key,
    value: equals > 0 ? shownValue(key, text.slice(equals + 1)) : shownValue('', text),
    expected,
    nearest: null,
    where: '--config',
  });
  if (!/^[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*$/.test(key)) return bad('expected --config key=value with a dotted key');
  if (text.length > 4096) return bad('expected at most 4096 characters');
  try {
    return { key, value: parseYaml(text.slice(equals + 1), { logLevel: 'error' }) ?? null };
  } catch {
    return bad('expected a YAML value, such as 5, true, null or [a, b]');
  }
}

function fromIssue(issue: z.core.$ZodIssue, tree: unknown): RawProblem[] {
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const full = path === '' ? key : `${path}.${key}`;
      return { path: full, expected: 'expected no such key', nearest: nearestOf(full, tree) };
    });
  }
  if (valueAt(tree, path) === undefined && path !== '')
    return [{ path, expected: 'expected a value; the key is missing' }];
  return [{ path, expected: wordsOf(issue) }];
}

function wordsOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'too_small')
    return `expected ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`;
  if (issue.code === 'too_big')
    return `expected ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`;
  if (issue.code === 'invalid_value') return `expected one of ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'invalid_union') return `expected one of ${VENUES.join(', ')}`;
  if (issue.code === 'invalid_key') return issue.issues.map(wordsOf).join('; ');
  if (issue.code === 'invalid_type') return `expected ${issue.expected === 'int' ? 'a whole number' : issue.expected}`;
  if (issue.code === 'invalid_format' && issue.format === 'url') return 'expected an address such as https://host/path';
  return issue.message.startsWith('expected') ? issue.message : `expected otherwise: ${issue.message}`;
}

/** An entry of `exchanges` has the keys of its venue. */
function nearestOf(full: string, tree: unknown): string | null {
  const [section, entry] = full.split('.');
  const venue = section === 'exchanges' ? valueAt(tree, `exchanges.${entry}.venue`) : undefined;
  if (typeof venue !== 'string') return nearestKey(full, knownKeys());
  const [asVenue, own] = [`exchanges.${venue}.`, `exchanges.${entry}.`];
  return nearestKey(
    full,
    knownKeys().map((key) => (key.startsWith(asVenue) ? own + key.slice(asVenue.length) : key)),
  );
}

let cachedKeys: readonly string[] | null = null;
/** Every dotted key of the schema, without list positions; an exchange's stand below the name of its venue. */
export function knownKeys(): readonly string[] {
  cachedKeys ??= keysOf(configSchema, '');
  return cachedKeys;
}

function keysOf(schema: z.ZodType, prefix: string): string[] {
  // Defaults wrap the object that has the keys.
  const { innerType } = schema.def as { innerType?: z.ZodType };
  if (innerType !== undefined) return keysOf(innerType, prefix);
  const { valueType } = schema.def as { valueType?: z.ZodType };
  const { options } = (valueType?.def ?? {}) as { options?: readonly z.ZodObject[] };
  if (options !== undefined) {
    return options.flatMap((option) => {
      const { value: venue } = option.shape.venue as z.ZodLiteral<string>;
      return [`${prefix}.${venue}`, ...keysOf(option, `${prefix}.${venue}`)];
    });
  }
  const shape = (schema as Partial<z.ZodObject>).shape;
  if (shape === undefined) return [];
  return Object.entries(shape).flatMap(([key, inner]) => {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    return [path, ...keysOf(inner as z.ZodType, path)];
  });
}

/** Where the key, or the nearest one above it, was last written. */
function whereOf(path: string, writtenAt: ReadonlyMap<string, string>): string | null {
  for (let key = path; key !== ''; key = key.slice(0, Math.max(0, key.lastIndexOf('.')))) {
    const where = writtenAt.get(key);
    if (where !== undefined) return where;
  }
  return null;
}

/** Whether one path is the other or stands below it; `*` in a need is any one key. */
function overlaps(path: string, need: string): boolean {
  const parts = path.split('.');
  const needed = need.split('.');
  return needed.every((part, index) => index >= parts.length || part === '*' || part === parts[index]);
}

const whole = (expected: string, where: string | null): ConfigProblem => ({
  path: '',
  value: null,
  expected,
  nearest: null,
  where,
});

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
