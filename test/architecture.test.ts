import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RULES } from './support/architecture-rules.ts';
import { codeOnly, importsOf, type SourceFile } from './support/source-code.ts';
import { STILL_NAMING_A_VENUE } from './support/still-naming-a-venue.ts';

const ROOT = join(import.meta.dirname, '..');
/** Of a function, which has a handler.ts beside them, and of a long-lived process. */
const FUNCTION_FILES = ['env.ts', 'deps.ts', 'main.ts'];
const SKIPPED = new Set(['node_modules', '.git', '.state', '.cache', 'coverage', 'results']);
const TEXT = /\.(ts|mts|js|mjs|cjs|css|html|yaml|yml|json|md)$/;

function projectFiles(folder = ROOT): SourceFile[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const full = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : projectFiles(full);
    if (!entry.isFile() || !TEXT.test(entry.name)) return [];
    return [{ path: relative(ROOT, full).split(sep).join('/'), text: readFileSync(full, 'utf8') }];
  });
}

const broken = (rule: string, path: string, text: string): readonly string[] => RULES[rule]!({ path, text });

describe('the project', () => {
  const files = projectFiles();

  it('is really looked at', () => {
    expect(files.filter((file) => file.path.startsWith('shared/core/')).length).toBeGreaterThan(10);
    expect(files.flatMap((file) => importsOf(file.text)).length).toBeGreaterThan(100);
  });

  it.each(Object.entries(RULES))('keeps the rule: %s', (_, rule) => {
    const problems = files.flatMap((file) => rule(file).map((problem) => `${file.path}: ${problem}`));
    expect(problems).toEqual([]);
  });

  it('has ever fewer files that name a venue outside its folders, and lists none that is gone', () => {
    const paths = new Set(files.map((file) => file.path));
    expect([...STILL_NAMING_A_VENUE].filter((path) => !paths.has(path))).toEqual([]);
    expect(STILL_NAMING_A_VENUE.size).toBeLessThanOrEqual(48);
  });
});

describe('every function and container', () => {
  const rooms = ['functions', 'containers'];
  const names = rooms.flatMap((room) => readdirSync(join(ROOT, room)).map((name) => `${room}/${name}`));

  it.each(names)('%s has the files that the design gives it', (name) => {
    const needed = name.startsWith('functions/') ? [...FUNCTION_FILES, 'handler.ts'] : FUNCTION_FILES;
    expect(needed.filter((file) => !existsSync(join(ROOT, name, file)))).toEqual([]);
  });

  it.each(names)('%s does something at import in main.ts alone', (name) => {
    const files = readdirSync(join(ROOT, name)).filter((file) => file.endsWith('.ts') && file !== 'main.ts');
    const importing = files.filter((file) => {
      const text = readFileSync(join(ROOT, name, file), 'utf8');
      return importsOf(text).some(
        (specifier) => /(^|\/)main\.ts$/.test(specifier) || specifier.startsWith('#shared/adapters/'),
      );
    });
    expect(importing).toEqual([]);
  });
});

describe('each rule', () => {
  it.each([
    ['core reaching a port', 'shared/core/market/x.ts', "import type { Clock } from '#shared/ports/clock.ts';"],
    ['core reaching a package', 'shared/core/x.ts', "import { readFileSync } from 'node:fs';"],
    ['core reaching out by dots', 'shared/core/x.ts', "import { y } from '../adapters/y.ts';"],
    ['a port reaching an adapter', 'shared/ports/x.ts', "import { y } from '#shared/adapters/sql/y.ts';"],
    ['a use case reaching an adapter', 'shared/usecases/x.ts', "export { y } from '#shared/adapters/sql/y.ts';"],
    ['a use case reaching a package', 'shared/usecases/x.ts', "import ccxt from 'ccxt';"],
    ['an adapter reaching a use case', 'shared/adapters/sql/x.ts', "const y = await import('#shared/usecases/y.ts');"],
    ['a function reaching local', 'functions/a/deps.ts', "import '#local/main.ts';"],
    ['local reaching the cli', 'local/main.ts', "import {\n  x,\n} from '#cli/main.ts';"],
    ['infra reaching a handler', 'infra/app.ts', "import { h } from '#functions/balance/handler.ts';"],
    ['the page reaching core', 'web/app.js', "import { d } from '../shared/core/decimal.ts';"],
    ['the page reaching a package by name', 'web/app.js', "import uPlot from 'uplot';"],
    ['a wall crossed by dots', 'local/main.ts', "import { c } from '../config/load.ts';"],
  ])('walls: finds %s', (_, path, text) => {
    expect(broken('walls', path, text)).toHaveLength(1);
  });

  it.each([
    ['infra reading an env.ts', 'infra/app.ts', "import { env } from '#functions/balance/env.ts';"],
    ['core inside core', 'shared/core/risk/x.ts', "import { dec } from '#shared/core/decimal.ts';"],
    ['a page using a served chart', 'web/app.js', "import { createChart } from '/vendor/lightweight-charts.js';"],
    ['an import in a comment', 'shared/core/x.ts', "// import { y } from '#local/y.ts';\n/* import '#local/z.ts' */"],
    ['an import in a string', 'shared/core/x.ts', 'const text = `import { y } from "#local/y.ts";`;'],
  ])('walls: lets %s pass', (_, path, text) => {
    expect(broken('walls', path, text)).toEqual([]);
  });

  it.each([
    ['functions', 'functions/a/handler.ts', "import { x } from '#functions/b/deps.ts';"],
    ['functions by dots', 'functions/a/handler.ts', "import { x } from '../b/deps.ts';"],
    ['containers', 'containers/a/main.ts', "import { x } from '#containers/b/main.ts';"],
    ['use cases', 'shared/usecases/a.ts', "import { b } from './b.ts';"],
    ['venues', 'shared/adapters/exchange/hyperliquid/a.ts', "import { b } from '../binance/b.ts';"],
    ['what venues share naming one', 'shared/adapters/exchange/wire/a.ts', "import { x } from '../hyperliquid/x.ts';"],
  ])('siblings: finds %s', (_, path, text) => {
    expect(broken('siblings', path, text)).toHaveLength(1);
  });

  it('siblings: lets own files and what all venues share pass', () => {
    expect(broken('siblings', 'functions/a/handler.ts', "import { x } from './deps.ts';")).toEqual([]);
    const caller = "import { x } from '../resilience/resilient-caller.ts';";
    expect(broken('siblings', 'shared/adapters/exchange/hyperliquid/a.ts', caller)).toEqual([]);
  });

  it('file length: finds 401 lines, and 81 in a handler', () => {
    expect(broken('file length', 'local/x.ts', 'x\n'.repeat(401))).toHaveLength(1);
    expect(broken('file length', 'local/x.ts', 'x\n'.repeat(400))).toEqual([]);
    expect(broken('file length', 'functions/a/handler.ts', 'x\n'.repeat(81))).toHaveLength(1);
    expect(broken('file length', 'functions/a/handler.ts', 'x\n'.repeat(80))).toEqual([]);
  });

  it.each([
    'const now = Date.now();',
    'const now = Date\n  .now();',
    'const now = new Date();',
    'const now = new Date;',
    'const text = Date();',
    'const r = Math.random();',
    'const r = Math . random ();',
    'const t = performance.now();',
    'setTimeout(() => {}, 5);',
    'const id = crypto.randomUUID();',
    'const home = process.env.HOME;',
    'await fetch(url);',
    'console.log(1);',
    'const f = globalThis["set" + "Timeout"];',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a sample of source code
    'const text = `at ${Date.now()}`;',
  ])('purity: finds %s', (text) => {
    expect(broken('purity', 'shared/core/x.ts', text).length).toBeGreaterThan(0);
    expect(broken('purity', 'shared/usecases/x.ts', text).length).toBeGreaterThan(0);
  });

  it.each([
    'const now = deps.clock.nowMs();',
    'deps.clock.setTimer(5, run);',
    'const day = new Date(atMs);',
    'const stop = deps.setTimeout;',
    '// never Date.now() here',
    "const text = 'Math.random() is forbidden';",
    'const pattern = /Date.now()/;',
  ])('purity: lets %s pass', (text) => {
    expect(broken('purity', 'shared/core/x.ts', text)).toEqual([]);
  });

  it.each([
    'if (nowMs - price.timeMs > limits.maxMs) return stale;',
    'const fresh = ageMs <= maxAgeMs;',
    'const isOld = snapshot.ageMs > maxMs;',
    'const due = deps.clock.nowMs() - lastMs >= everyMs;',
    'const recent = times.filter((at) => at > nowMs - WINDOW_MS);',
  ])('ages: finds %s', (text) => {
    expect(broken('ages', 'shared/core/x.ts', text)).toHaveLength(1);
    expect(broken('ages', 'web/x.js', text)).toHaveLength(1);
  });

  it.each([
    'const ageMs = nowMs - atMs;',
    'const age = (atMs) => nowMs - atMs;',
    "const words = ageMs < 0 ? 'in the future' : 'old';",
    'if (judgeAge(ageMs, maxAgeMs) !== fresh) return;',
    '// nowMs - atMs > maxMs was here',
  ])('ages: lets %s pass', (text) => {
    expect(broken('ages', 'shared/core/x.ts', text)).toEqual([]);
  });

  it('environment: finds process.env outside entry points only', () => {
    const text = 'const port = process.env.PORT;';
    expect(broken('environment', 'shared/adapters/sql/x.ts', text)).toHaveLength(1);
    expect(broken('environment', 'functions/a/handler.ts', text)).toHaveLength(1);
    expect(broken('environment', 'functions/a/env.ts', text)).toEqual([]);
    expect(broken('environment', 'cli/main.ts', text)).toEqual([]);
  });

  it.each([
    'shared/core/index.ts',
    'shared/core/utils.ts',
    'shared/core/string-helpers.ts',
    'shared/core/orderBook.ts',
    'shared/core/common/x.ts',
  ])('naming: finds %s', (path) => {
    expect(broken('naming', path, '')).toHaveLength(1);
  });

  it('naming: lets tests and contracts pass', () => {
    expect(broken('naming', 'test/contract/work-queue.contract.ts', '')).toEqual([]);
    expect(broken('naming', 'shared/core/order-id.ts', '')).toEqual([]);
  });

  it('exports: finds a barrel and a default export', () => {
    expect(broken('exports', 'shared/core/x.ts', "export * from './y.ts';")).toHaveLength(1);
    expect(broken('exports', 'shared/core/x.ts', 'export default 5;')).toHaveLength(1);
    expect(broken('exports', 'shared/core/x.ts', 'export const a = 5; // export default')).toEqual([]);
  });

  it.each(['lib/x.ts', 'shared/services/x.ts', 'shared/core/pricing/x.ts', 'test/e2e/x.test.ts'])(
    'folders: finds %s',
    (path) => {
      expect(broken('folders', path, '')).toHaveLength(1);
    },
  );

  it.each([
    ['a name', 'shared/core/orders/x.ts', "const venue = 'hyperliquid';"],
    ['a name within another', 'shared/usecases/x.ts', 'const USE_BINANCE_FEED = true;'],
    ['a name in a comment', 'shared/ports/x.ts', '/** As HyperLiquid does it. */'],
    ['a name in an import', 'cli/x.ts', "import { y } from '#shared/adapters/exchange/deribit/y.ts';"],
    ['an address in code', 'infra/x.ts', "const url = 'https://api.luno.com/api/1/ticker';"],
    ['a word', 'shared/core/orders/x.ts', "if (timeInForce === 'Ioc') return;"],
    ['a word of another venue', 'shared/adapters/exchange/wire/x.ts', "const stream = symbol + '@aggTrade';"],
    ['a word in what simulated venues share', 'local/exchange-simulator/venue/x.ts', 'return { szi: size };'],
    ['a word in the table of venues', 'shared/adapters/exchange/open-price-feed.ts', 'settings.dexes'],
    ['a column in a use case', 'shared/usecases/x.ts', 'row.dex'],
    ['a name on the page', 'web/x.js', "title('HyperLiquid');"],
  ])('venues: finds %s', (_, path, text) => {
    expect(broken('venues', path, text)).toHaveLength(1);
  });

  it.each([
    ["the venue's adapter", 'shared/adapters/exchange/hyperliquid/x.ts', "const tif = 'Ioc';"],
    ["the venue's protocol in the simulator", 'local/exchange-simulator/wire/hyperliquid/x.ts', 'return { szi };'],
    ['the settings of each venue', 'config/venues.ts', "z.literal('hyperliquid')"],
    ['the table of venues', 'shared/adapters/exchange/open-price-feed.ts', 'const BY_VENUE = { hyperliquid: FEED };'],
    [
      'the source of a formula',
      'shared/core/x.ts',
      ' * https://hyperliquid.gitbook.io/hyperliquid-docs/trading/margining',
    ],
    ['a column in its repository', 'shared/adapters/sql/x.ts', 'row.dex'],
    ['the sent observer document', 'shared/messages/observer-document.ts', 'szi: decimalText,'],
    ['a stage file', 'config/live.yaml', 'venue: hyperliquid'],
    ['words that hold others', 'shared/core/x.ts', 'const index = allocate(indexes, Algo);'],
  ])('venues: lets %s pass', (_, path, text) => {
    expect(broken('venues', path, text)).toEqual([]);
  });

  it('venues: finds a file on the list that names none any more', () => {
    for (const path of STILL_NAMING_A_VENUE) expect(broken('venues', path, 'const a = 5;')).toHaveLength(1);
  });

  it('folders: lets a function and a unit test of any depth pass', () => {
    expect(broken('folders', 'functions/balance/handler.ts', '')).toEqual([]);
    expect(broken('folders', 'test/unit/shared/core/risk/x.test.ts', '')).toEqual([]);
  });
});

describe('codeOnly', () => {
  it('keeps code between strings, templates, comments and regular expressions, and the line numbers', () => {
    const text = [
      "const a = 'it\\'s // no'; call1();",
      '/* x\n y */ call2();',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a sample of source code
      'const b = `t ${call3(`${call4("}")}`)} u`;',
      'const c = a / b; call5(/["\'`/*]/); call6(); // end',
    ].join('\n');
    const code = codeOnly(text);
    expect([...code.matchAll(/call\d/g)].map((match) => match[0])).toEqual([
      'call1',
      'call2',
      'call3',
      'call4',
      'call5',
      'call6',
    ]);
    expect(code.split('\n')).toHaveLength(text.split('\n').length);
    expect(code).not.toContain('end');
  });
});
