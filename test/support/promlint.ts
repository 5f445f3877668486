import { existsSync } from 'node:fs';

/** One family of Prometheus' text. */
interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labels: readonly string[];
}

const ABBREVIATED = ['s', 'ms', 'us', 'ns', 'sec', 'b', 'kb', 'mb', 'gb', 'tb', 'pb', 'm', 'h', 'd'];
const TYPES = ['counter', 'gauge', 'summary', 'histogram', 'gauge_histogram'];
const NOT_BASE =
  /^(?:minutes|hours|days|weeks|kelvins|fahrenheit|rankine|inches|yards|miles|bits|calories|pounds|ounces)$/;
const PREFIXED =
  /^(?:pico|nano|micro|milli|centi|deci|deca|hecto|kilo|kibi|mega|mibi|giga|gibi|tera|tebi|peta|pebi)(?:seconds|bytes|bits|meters|metres|grams|volts|amperes|joules)$/;

const isHistogram = ({ type }: Family): boolean => type === 'histogram' || type === 'summary';

/** The rules of https://github.com/prometheus/client_golang/tree/main/prometheus/testutil/promlint/validations, by what each finds. */
const RULES: readonly (readonly [problem: string, breaks: (family: Family) => boolean])[] = [
  ['no help text', ({ help }) => help === ''],
  ['counter metrics should have "_total" suffix', ({ name, type }) => type === 'counter' && !name.endsWith('_total')],
  [
    'non-counter metrics should not have "_total" suffix',
    ({ name, type }) => type !== 'counter' && name.endsWith('_total'),
  ],
  [
    '"_count", "_sum" and "_bucket" belong to histograms',
    (f) => !isHistogram(f) && /_(?:count|sum|bucket)$/.test(f.name),
  ],
  [
    'label "le" or "quantile"',
    (f) => !isHistogram(f) && f.labels.some((label) => label === 'le' || label === 'quantile'),
  ],
  ['type in the name', ({ name }) => TYPES.some((type) => `${name}_`.includes(`_${type}_`))],
  ['":" in the name', ({ name }) => name.includes(':')],
  ['camelCase', ({ name, labels }) => [name, ...labels].some((text) => /[a-z][A-Z]/.test(text))],
  ['abbreviated unit', ({ name }) => ABBREVIATED.some((unit) => `${name}_`.includes(`_${unit}_`))],
  ['no base unit', ({ name }) => name.split('_').some((part) => NOT_BASE.test(part) || PREFIXED.test(part))],
];

/** What `promtool check metrics` would find in a text, in the words above; a test need not have Prometheus installed. */
export function promlint(text: string): readonly string[] {
  return text.split(/^(?=# HELP )/m).flatMap((block) => {
    const [, name, help = ''] = /^# HELP (\S+) ?(.*)$/m.exec(block) ?? [];
    if (name === undefined) return [];
    const type = /^# TYPE \S+ (\S+)/m.exec(block)?.[1] ?? 'untyped';
    const labels = [...block.matchAll(/[{,](\w+)="/g)].map((match) => match[1]!);
    return RULES.filter(([, breaks]) => breaks({ name, help, type, labels })).map(([problem]) => `${name}: ${problem}`);
  });
}

/** The program itself, where it is installed. */
export const PROMTOOL = [process.env.PROMTOOL ?? '', '/usr/bin/promtool'].find(
  (path) => path !== '' && existsSync(path),
);
