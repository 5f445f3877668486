/** Where in a JSON value: keys and indices from the root. */
export type JsonPath = readonly (string | number)[];

/** Every place in the value, the root first. */
export function placesOf(value: unknown, at: JsonPath = []): readonly JsonPath[] {
  if (typeof value !== 'object' || value === null) return [at];
  const keys = Array.isArray(value) ? value.keys() : Object.keys(value);
  return [at, ...[...keys].flatMap((key) => placesOf((value as Record<string, unknown>)[key as string], [...at, key]))];
}

const DECIMAL = /^-?\d+(\.\d+)?$/;
const isDecimal = (old: unknown): old is string => typeof old === 'string' && DECIMAL.test(old);
const alike = (old: unknown, text: string) => (typeof old === 'number' ? Number(text) : text);

/** What a venue, a proxy or a bad release may put in the place of one value. */
const CHANGES: Readonly<Record<string, (old: unknown) => unknown>> = {
  null: () => null,
  empty: () => '',
  negative: (old) => (typeof old === 'number' ? -old : isDecimal(old) ? `-${old.replace('-', '')}` : '-1'),
  'not a number': () => 'NaN',
  exponent: (old) => (typeof old === 'number' ? 1e300 : '1e300'),
  huge: (old) => alike(old, '99999999999999999999'),
  'as long as text may be': (old) => alike(old, '9'.repeat(40)),
  zero: (old) => alike(old, '0'),
  tenfold: (old) =>
    typeof old === 'number' ? old * 10 : isDecimal(old) ? String(Number(old) * 10) : `${String(old)}0`,
  'of another type': (old) => (typeof old === 'number' ? String(old) : 7),
  'an object': () => ({}),
  'a list': () => [],
  false: () => false,
  'the year 2099': (old) => (typeof old === 'number' ? 4_102_444_799_000 : '4102444799000'),
  'an unknown word': () => 'quantum',
};
/** Of an element of a list or a field. */
const MOVES = ['missing', 'twice'] as const;
export const MUTATIONS: readonly string[] = [...Object.keys(CHANGES), ...MOVES];

/** A copy of the value with one thing changed. */
export function mutated(value: unknown, place: JsonPath, mutation: string): unknown {
  const key = place.at(-1);
  if (key === undefined) return CHANGES[mutation]?.(value) ?? null;
  const root = structuredClone(value);
  const parent = place.slice(0, -1).reduce((at, step) => (at as Record<string, unknown>)[step], root);
  const fields = parent as Record<string | number, unknown>;
  const old = fields[key];
  const isListed = Array.isArray(parent) && typeof key === 'number';
  if (mutation === 'missing') {
    if (isListed) parent.splice(key, 1);
    else delete fields[key];
  } else if (mutation === 'twice') {
    if (isListed) parent.splice(key, 0, structuredClone(old));
    else fields[key] = [old, old];
  } else {
    fields[key] = CHANGES[mutation]!(old);
  }
  return root;
}
