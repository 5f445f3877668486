import { posix } from 'node:path';
import { codeOnly, importsOf, type SourceFile } from './source-code.ts';
import { STILL_NAMING_A_VENUE } from './still-naming-a-venue.ts';
import { venueNames } from './venue-names.ts';

/** A rule of the house: what is broken in one file, in words. */
export type Rule = (file: SourceFile) => readonly string[];

const LINES_MAX = 400;
const HANDLER_LINES_MAX = 80;

/** Where code lives. `null` as packages means any, node's own included. */
interface Room {
  readonly rooms: readonly string[];
  readonly packages: readonly string[] | null;
}

const ANY = null;
const INNER = ['shared/core', 'shared/ports', 'shared/messages'];
const SHARED = [...INNER, 'shared/usecases', 'shared/adapters', 'shared/telemetry'];

/** Longest prefix wins. A room may always import itself. */
const ROOMS: Readonly<Record<string, Room>> = {
  // What a venue's requests weigh is the venue's; whether the cadences fit is the configuration's.
  config: { rooms: ['shared/core', 'shared/adapters/exchange/request-weight.ts'], packages: ANY },
  'shared/core': { rooms: [], packages: ['zod', 'decimal.js', '@noble/hashes'] },
  'shared/ports': { rooms: ['shared/core', 'shared/messages'], packages: [] },
  'shared/messages': { rooms: ['shared/core'], packages: ['zod'] },
  'shared/usecases': { rooms: INNER, packages: [] },
  'shared/adapters': { rooms: [...INNER, 'shared/telemetry'], packages: ANY },
  'shared/telemetry': { rooms: ['shared/core', 'shared/ports'], packages: ANY },
  functions: { rooms: [...SHARED, 'config'], packages: ANY },
  containers: { rooms: [...SHARED, 'config'], packages: ANY },
  infra: {
    rooms: [
      'config',
      'shared/messages',
      'shared/telemetry/names.ts',
      'shared/telemetry/cloudwatch-metrics.ts',
      'functions/*/env.ts',
      'containers/*/env.ts',
    ],
    packages: ANY,
  },
  // Talks to a deployed stage as the CLI does.
  'infra/deploy': { rooms: ['infra', 'config', 'shared/adapters/aws', 'shared/messages'], packages: ANY },
  local: { rooms: [...SHARED, 'config', 'functions', 'containers'], packages: ANY },
  cli: { rooms: [...SHARED, 'config', 'local', 'functions', 'containers', 'infra/cost'], packages: ANY },
  web: { rooms: ['shared/messages'], packages: [] },
  bench: {
    rooms: [...SHARED, 'config', 'local', 'functions', 'containers', 'cli', 'infra', 'test/support'],
    packages: ANY,
  },
  scripts: { rooms: [], packages: ANY },
  test: {
    rooms: [...SHARED, 'config', 'local', 'functions', 'containers', 'cli', 'infra', 'bench', 'web', 'scripts'],
    packages: ANY,
  },
};

export const roomNames = (): readonly string[] => Object.keys(ROOMS);

/** Every folder that may exist, down to where a room orders itself. */
const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  '': [
    '.ci',
    '.github',
    'bench',
    'cli',
    'config',
    'containers',
    'docs',
    'functions',
    'infra',
    'local',
    'scripts',
    'shared',
    'test',
    'web',
  ],
  shared: ['adapters', 'core', 'messages', 'ports', 'telemetry', 'usecases'],
  'shared/core': [
    'anomaly',
    'backtest',
    'indicators',
    'market',
    'matching',
    'orders',
    'portfolio',
    'reconciliation',
    'risk',
    'runs',
    'strategies',
    'system',
  ],
  'shared/adapters': ['aws', 'exchange', 'sql', 'system'],
  'shared/ports': ['repositories'],
  'shared/messages': [],
  'shared/usecases': [],
  'shared/telemetry': [],
  test: ['aws', 'browser', 'contract', 'fixtures', 'infra', 'integration', 'kills', 'simulation', 'support', 'unit'],
};

const roomOf = (path: string): string | null =>
  Object.keys(ROOMS)
    .filter((room) => path === room || path.startsWith(`${room}/`))
    .sort((a, b) => b.length - a.length)[0] ?? null;

const isSource = (path: string): boolean => /\.(ts|mts|js|mjs|cjs)$/.test(path);

/** Path in the project that a specifier means, or null for a package. */
function targetOf(file: SourceFile, specifier: string): string | null {
  if (specifier.startsWith('#')) return specifier.slice(1);
  if (specifier.startsWith('.')) return posix.normalize(posix.join(posix.dirname(file.path), specifier));
  return null;
}

const within = (path: string, pattern: string): boolean => {
  const parts = pattern.split('/');
  const own = path.split('/');
  return parts.every((part, index) => part === '*' || part === own[index]);
};

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/** Rooms import only what lies below them, and by `#room/` names across walls. */
export const walls: Rule = (file) => {
  const room = roomOf(file.path);
  if (room === null || !isSource(file.path)) return [];
  const { rooms, packages } = ROOMS[room]!;
  return importsOf(file.text).flatMap((specifier) => {
    const target = targetOf(file, specifier);
    if (target === null) {
      if (room === 'web' && specifier.startsWith('/vendor/')) return [];
      const allowed = packages === null || packages.includes(packageOf(specifier));
      return allowed ? [] : [`${room} may not import the package ${specifier}`];
    }
    // The only import of ccxt that works without a bundler; adapters/exchange has one such file per venue.
    if (target.startsWith('node_modules/')) {
      return room === 'shared/adapters' || room === 'test' || room === 'bench'
        ? []
        : [`${room} may not reach into ${target}`];
    }
    if (roomOf(target) === room) return [];
    if (!rooms.some((allowed) => within(target, allowed))) return [`${room} may not import ${target}`];
    if (specifier.startsWith('.') && room !== 'scripts') return [`${specifier} crosses a wall; write #${target}`];
    return [];
  });
};

/** Functions, containers, use cases and venue folders never import a sibling. */
export const siblings: Rule = (file) => {
  const own = siblingOf(file.path) ?? NEUTRAL_FOLDER.exec(file.path)?.[0].slice(0, -1) ?? null;
  if (own === null) return [];
  return importsOf(file.text).flatMap((specifier) => {
    const target = targetOf(file, specifier);
    const other = target === null ? null : siblingOf(target);
    return other !== null && other !== own && posix.dirname(other) === posix.dirname(own)
      ? [`${own} may not import its sibling ${other}`]
      : [];
  });
};

/** Shared by all venues, so not a venue: they may be imported by one, and import none. */
const VENUE_NEUTRAL = ['resilience', 'wire'];
const NEUTRAL_FOLDER = new RegExp(`^shared/adapters/exchange/(${VENUE_NEUTRAL.join('|')})/`);

function siblingOf(path: string): string | null {
  const match = /^(functions|containers|shared\/usecases|shared\/adapters\/exchange)\/([^/]+)(\/|$)/.exec(path);
  if (match === null) return null;
  const [, parent = '', name = '', deeper] = match;
  if (parent === 'shared/adapters/exchange' && (deeper === '' || VENUE_NEUTRAL.includes(name))) return null;
  return `${parent}/${name.replace(/\.ts$/, '')}`;
}

export const fileLength: Rule = (file) => {
  if (!/\.(ts|js|mjs|css|html)$/.test(file.path)) return [];
  const lines = file.text.replace(/\n$/, '').split('\n').length;
  const max = /^(functions|containers)\/[^/]+\/handler\.ts$/.test(file.path) ? HANDLER_LINES_MAX : LINES_MAX;
  return lines > max ? [`${lines} lines; at most ${max}`] : [];
};

const IMPURE: readonly (readonly [RegExp, string])[] = [
  [/\bDate\s*\.\s*now\b/, 'Date.now'],
  [/\bnew\s+Date\s*(?:\(\s*\)|(?!\s*\())/, 'new Date()'],
  [/(?<![.\w])Date\s*\(/, 'Date()'],
  [/\bMath\s*\.\s*random\b/, 'Math.random'],
  [/\bperformance\s*\.\s*(?:now|timeOrigin)\b/, 'performance.now'],
  [/(?<![.\w])(?:setTimeout|setInterval|setImmediate|queueMicrotask|requestAnimationFrame)\b/, 'a timer'],
  [/\b(?:randomUUID|randomBytes|getRandomValues|randomInt)\b/, 'random bytes'],
  [/\bprocess\s*\./, 'process'],
  [/(?<![.\w])fetch\s*\(/, 'fetch'],
  [/(?<![.\w])console\s*\./, 'console'],
  [/\bglobalThis\b/, 'globalThis'],
];

/** Core and use cases: no clock, no randomness, no environment, no network, no log. */
export const purity: Rule = (file) => {
  if (!/^shared\/(core|usecases)\//.test(file.path)) return [];
  const code = codeOnly(file.text).replace(/\bnew\s+Date\s*\(/g, (call) => call.replace('Date', 'Date\u0000'));
  const plain = codeOnly(file.text);
  return IMPURE.flatMap(([pattern, what]) =>
    pattern.test(what === 'Date()' ? code : plain) ? [`uses ${what}; take it from deps`] : [],
  );
};

const ENTRY_POINT =
  /^((functions|containers)\/[^/]+\/(main|env)\.ts|local\/main\.ts|local\/[^/]+\/main\.ts|cli\/main\.ts|infra\/app\.ts|infra\/deploy\/main\.ts|vitest\.config\.ts|(scripts|bench|test)\/.*)$/;

/** The environment is read where a process starts, and handed on as values. */
export const environment: Rule = (file) => {
  if (!isSource(file.path) || ENTRY_POINT.test(file.path)) return [];
  return /\bprocess\s*(?:\?\.|\.)\s*env\b|\bimport\.meta\.env\b/.test(codeOnly(file.text))
    ? ['reads process.env outside an entry point']
    : [];
};

/** Files are named for what they export, in kebab-case; nothing is named for being everything. */
export const naming: Rule = (file) => {
  if (!isSource(file.path)) return [];
  const base = posix.basename(file.path).replace(/\.(ts|mts|js|mjs|cjs)$/, '');
  // Contract runners are called <port>.<adapter>.test.ts.
  const bare = base.replace(/\.(test|contract|config)$/, '').replace(/^([a-z0-9-]+)\.([a-z0-9-]+)$/, '$1-$2');
  const problems: string[] = [];
  if (/^index$/.test(bare)) problems.push('is a barrel name; name it for its main export');
  if (/(^|-)(utils?|helpers?|misc|common|stuff)(-|$)/.test(bare))
    problems.push(`${bare} says nothing; name it for what it does`);
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(bare)) problems.push('expected a kebab-case name');
  if (/\/(utils?|helpers?|misc|common)\//.test(file.path)) problems.push('lies in a folder that says nothing');
  return problems;
};

/** Named exports only, and no file that only passes others on. */
export const exportsRule: Rule = (file) => {
  if (!isSource(file.path) || /\.config\.ts$/.test(file.path)) return [];
  const code = codeOnly(file.text);
  return [
    ...(/\bexport\s*\*/.test(code) ? ['re-exports everything (a barrel)'] : []),
    ...(/\bexport\s+default\b/.test(code) ? ['has a default export; name it'] : []),
  ];
};

export const folders: Rule = (file) => {
  const parts = file.path.split('/').slice(0, -1);
  return parts.flatMap((part, index) => {
    const parent = parts.slice(0, index).join('/');
    const allowed = FOLDERS[parent];
    return allowed !== undefined && !allowed.includes(part)
      ? [`${[...parts.slice(0, index), part].join('/')} is not in the list of folders (docs/ARCHITECTURE.md)`]
      : [];
  });
};

/** `ageMs > max`; a comparison with nothing is about words ("in the future"), not about a limit. */
const AGE_COMPARED = /\b\w*[aA]geMs\s*[<>]=?(?!\s*-?\d)/;
const ELAPSED_COMPARED = /\bnow(?:Ms)?(?:\(\))?\s*-(?!=)[^;,=\n]*?(?<!=)[<>]/;
const COMPARED_WITH_ELAPSED = /(?<!=)[<>]=?\s*(?:\w+\.)*now(?:Ms)?(?:\(\))?\s*-/;

/** An age meets its limit in core/age.ts alone, where nothing from the future is fresh. The venue of a simulation has a clock of its own. */
export const ages: Rule = (file) => {
  const isOurs = /^(shared|functions|containers|local|cli|web)\//.test(file.path);
  if (!isSource(file.path) || !isOurs || /^(shared\/core\/age\.ts|local\/exchange-simulator\/.*)$/.test(file.path))
    return [];
  return codeOnly(file.text)
    .split('\n')
    .filter((line) => [AGE_COMPARED, ELAPSED_COMPARED, COMPARED_WITH_ELAPSED].some((pattern) => pattern.test(line)))
    .map((line) => `compares an age by hand: ${line.trim()}`);
};

/** Until it is taken off the list, a file on it may name venues, and must. */
const venues: Rule = (file) => {
  const found = venueNames(file);
  if (!STILL_NAMING_A_VENUE.has(file.path)) return found;
  return found.length > 0 ? [] : ['names no venue any more: take it off test/support/still-naming-a-venue.ts'];
};

export const RULES: Readonly<Record<string, Rule>> = {
  ages,
  walls,
  siblings,
  'file length': fileLength,
  purity,
  environment,
  naming,
  exports: exportsRule,
  folders,
  venues,
};
