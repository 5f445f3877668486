import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FUNCTIONS } from '#config/functions.ts';
import { REFUSED_HOLD } from '#shared/core/orders/refusals.ts';
import { roomNames } from '#test/support/architecture-rules.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const glob = (pattern: string): string[] => globSync(pattern, { cwd: ROOT }).sort();

const DOCUMENTS = [...glob('*.md'), ...glob('docs/**/*.md')];
const manifest = JSON.parse(read('package.json')) as Record<
  'scripts' | 'dependencies' | 'devDependencies',
  Record<string, string>
>;

/** Blocks of shell, JSON and text are examples: what they name need not exist. */
const prose = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '');

const ROOMS = 'bench|cli|config|containers|docs|functions|infra|local|scripts|shared|test|web';
/** `shared/core/x.ts`, `docs/`, `cli/commands/*.ts`; nothing with a placeholder in it. */
const PATH = new RegExp(`^(?:${ROOMS})/[\\w./*-]*$`);

const pathsIn = (text: string): string[] =>
  [...prose(text).matchAll(/`([^`\n]+)`/g)].map((match) => match[1]!).filter((code) => PATH.test(code));
const linksIn = (text: string): string[] =>
  [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1]!)
    .filter((target) => !/^(?:https?:|mailto:|#)/.test(target))
    .map((target) => target.replace(/#.*$/, ''));

const anchorsIn = (text: string): (readonly [target: string, heading: string])[] =>
  [...prose(text).matchAll(/\]\(([^)\s#:]*)#([^)\s]+)\)/g)].map((match) => [match[1]!, match[2]!] as const);
/** As GitHub makes them: lower case, no punctuation, dashes for spaces. */
const anchorsOf = (text: string): string[] =>
  [...prose(text).matchAll(/^#+ (.+)$/gm)].map((match) =>
    match[1]!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

/** Expressions at `kind:` whose values are members of the unions that {@link alertKinds} reads. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: source text, compared as it stands.
const FROM_UNIONS = ['kind', 'reason', 'change.reason', 'state.latched', '`exchange-${kind}`'];

/** Kinds of the alerts that code raises: literals at `kind:`, and the unions whose members become one. */
function alertKinds(): string[] {
  const union = (path: string, type: string): string[] => {
    const body = new RegExp(`type ${type} =([^;]+);`).exec(read(path))?.[1] ?? '';
    return [...body.matchAll(/'([a-z-]+)'/g)].map((match) => match[1]!);
  };
  const written = glob('{functions,shared,local,containers}/**/*.ts').flatMap((path) =>
    [...read(path).matchAll(/alerts\s*\.raise\((\{[\s\S]*?\})\)/g)].map(
      (call) => /\bkind(?:: ([^,\n]+))?,/.exec(call[1]!)?.[1] ?? 'kind',
    ),
  );
  const literals = written.filter((text) => text.startsWith("'")).map((text) => text.slice(1, -1));
  // An expression is a kind from one of the unions below, or unknown to this test.
  const expressions = written.filter((text) => !text.startsWith("'") && !FROM_UNIONS.includes(text));
  const exchange = [
    ...union('shared/adapters/exchange/resilience/exchange-failure.ts', 'ErrorClass').map(
      (c) => `exchange-network-${c}`,
    ),
    ...union('shared/adapters/exchange/resilience/call-class.ts', 'CallClass').map((c) => `exchange-breaker-${c}`),
  ];
  return [
    ...new Set([
      ...literals,
      ...expressions,
      ...exchange,
      ...union('shared/core/reconciliation/cycle-decision.ts', 'AlarmKind'),
      ...union('shared/core/orders/foreign-changes.ts', 'HoldReason'),
      'take-profit',
      'drawdown',
      REFUSED_HOLD,
      'trading-key-refused',
      'trading-key-expiring',
    ]),
  ].sort();
}

describe('the documents', () => {
  it('are found', () => {
    expect(DOCUMENTS).toEqual(expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'docs/RUNBOOK.md']));
  });

  it.each(DOCUMENTS)('%s links only to files that exist', (path) => {
    const broken = linksIn(read(path)).filter(
      (target) => !existsSync(join(ROOT, normalize(join(dirname(path), target)))),
    );

    expect(broken).toEqual([]);
  });

  it.each(DOCUMENTS)('%s links only to headings that exist', (path) => {
    const broken = anchorsIn(read(path)).filter(([target, heading]) => {
      const full = target === '' ? path : normalize(join(dirname(path), target));
      return full.endsWith('.md') && existsSync(join(ROOT, full)) && !anchorsOf(read(full)).includes(heading);
    });

    expect(broken).toEqual([]);
  });

  it.each(DOCUMENTS)('%s names only paths that exist', (path) => {
    const missing = pathsIn(read(path)).filter((name) =>
      name.includes('*') ? glob(name).length === 0 : !existsSync(join(ROOT, name)),
    );

    expect(missing).toEqual([]);
  });

  it.each(DOCUMENTS)('%s names only npm scripts that exist', (path) => {
    const named = [...read(path).matchAll(/npm run (?:-s |--silent )?([\w:-]+)/g)].map((match) => match[1]!);
    const missing = named.filter((name) => !Object.hasOwn(manifest.scripts, name));

    expect(missing).toEqual([]);
  });
});

describe('README.md', () => {
  it('is short enough to be read', () => {
    expect(Buffer.byteLength(read('README.md'))).toBeLessThanOrEqual(9_000);
  });
});

describe('docs/DEPENDENCIES.md', () => {
  it('says of each dependency why it is there, and of no other', () => {
    const rows = read('docs/DEPENDENCIES.md')
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    const named = rows.flatMap((row) => [...row.split('|')[1]!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!));

    expect(named.toSorted()).toEqual(
      [...Object.keys(manifest.dependencies), ...Object.keys(manifest.devDependencies)].toSorted(),
    );
  });
});

describe('docs/ARCHITECTURE.md', () => {
  const section = (heading: string): string =>
    read('docs/ARCHITECTURE.md').split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const firstCells = (text: string): string[] =>
    text.split('\n').flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1]!));

  it('has a row for each room', () => {
    const named = firstCells(section('Rooms and walls'));

    expect(named).toEqual(named.filter((room) => existsSync(join(ROOT, room))));
    expect(roomNames().filter((room) => !named.includes(`${room}/`))).toEqual(['infra/deploy']);
  });

  it('is about the functions that there are: each folder has its line in the catalog', () => {
    const folders = glob('functions/*/handler.ts').map((path) => path.split('/')[1]!);

    expect(Object.keys(FUNCTIONS).toSorted()).toEqual(folders.toSorted());
  });

  it('has a row for each exported error, and for no other', () => {
    const exported = glob('{cli,config,containers,functions,infra,local,shared}/**/*.ts').flatMap((path) =>
      [...read(path).matchAll(/^export class (\w+) extends \w*Error\b/gm)].map((match) => match[1]!),
    );

    expect(firstCells(section('Errors')).toSorted()).toEqual(exported.toSorted());
  });
});

describe('docs/RUNBOOK.md', () => {
  const headings = read('docs/RUNBOOK.md')
    .split('\n')
    .filter((line) => line.startsWith('#'))
    .flatMap((line) => [...line.matchAll(/`([^`]+)`/g)].map((match) => match[1]!));

  it('has a heading for each kind of alert that code raises', () => {
    const kinds = alertKinds();

    expect(kinds.length).toBeGreaterThan(20);
    expect(kinds.filter((kind) => !headings.includes(kind))).toEqual([]);
  });

  it('has a description, an investigation and a resolution under each of its problems', () => {
    const problems = read('docs/RUNBOOK.md').split(/^### /m).slice(1);
    const short = problems
      .filter((text) => !['Description', 'Investigation', 'Resolution'].every((part) => text.includes(`**${part}.**`)))
      .map((text) => text.split('\n')[0]);

    expect(problems.length).toBeGreaterThan(20);
    expect(short).toEqual([]);
  });
});
