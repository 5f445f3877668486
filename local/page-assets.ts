import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

export interface PageAsset {
  readonly contentType: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Chart libraries, served from the installed packages: nothing is fetched from elsewhere. */
const VENDOR: Readonly<Record<string, string>> = {
  '/vendor/lightweight-charts.js': 'lightweight-charts/dist/lightweight-charts.standalone.production.mjs',
  '/vendor/uplot.js': 'uplot/dist/uPlot.esm.js',
  '/vendor/uplot.css': 'uplot/dist/uPlot.min.css',
};

/** Sent with every answer of the page. The chart library writes a style element, hence 'unsafe-inline' for styles alone. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

const TOKEN_SLOT = '<meta name="3t-token" content="">';
const TOKEN_TEXT = /^[A-Za-z0-9_-]{16,128}$/;
const VENUE_SLOT = '<meta name="3t-venue" content="">';
const VENUE_TEXT = /^[A-Za-z0-9 -]{0,64}$/;

/**
 * Every file of Mission Control by its path, `/` with the token of this start in it. Read once: a path that is not in the
 * map does not exist, so nothing outside can be asked for. Throws when a file or a package is missing.
 */
export function loadPageAssets(options: {
  readonly projectDir: string;
  /** Needed by every write; base64url or hex. */
  readonly token: string;
  /** Shown beside the exchange: kind and stage, `simulator local`. With the word live in it the page warns in red. */
  readonly venue?: string;
}): ReadonlyMap<string, PageAsset> {
  const { projectDir, token, venue = '' } = options;
  if (!TOKEN_TEXT.test(token)) throw new RangeError('expected a token of 16 to 128 letters, digits, - and _');
  if (!VENUE_TEXT.test(venue)) throw new RangeError('expected letters, digits, spaces and - as venue');
  const assets = new Map<string, PageAsset>();
  const web = join(projectDir, 'web');
  for (const name of readdirSync(web).sort()) {
    const contentType = CONTENT_TYPES[extname(name)];
    if (contentType === undefined) continue;
    const body = new Uint8Array(readFileSync(join(web, name)));
    if (name !== 'index.html') {
      assets.set(`/${name}`, { contentType, body });
      continue;
    }
    const html = new TextDecoder().decode(body);
    const filled = fill(fill(html, TOKEN_SLOT, token), VENUE_SLOT, venue);
    assets.set('/', { contentType, body: new TextEncoder().encode(filled) });
  }
  for (const [path, file] of Object.entries(VENDOR)) {
    const contentType = CONTENT_TYPES[extname(path)]!;
    assets.set(path, { contentType, body: new Uint8Array(readFileSync(join(projectDir, 'node_modules', file))) });
  }
  return assets;
}

function fill(html: string, slot: string, value: string): string {
  if (html.split(slot).length !== 2) throw new Error(`web/index.html must hold ${slot} once`);
  return html.replace(slot, () => slot.replace('content=""', `content="${value}"`));
}
