import { describe, expect, it } from 'vitest';
import { loadPageAssets, PAGE_HEADERS } from '#local/page-assets.ts';
import { importsOf } from '#test/support/source-code.ts';

const TOKEN = 'abcdefghijklmnop0123';
const textOf = (path: string): string =>
  new TextDecoder().decode(loadPageAssets({ projectDir: '.', token: TOKEN }).get(path)?.body);

describe('loadPageAssets', () => {
  it('puts the token of this start into the page', () => {
    expect(textOf('/')).toContain(`<meta name="3t-token" content="${TOKEN}">`);
  });

  it('serves every file that the page and its modules ask for', () => {
    const assets = loadPageAssets({ projectDir: '.', token: TOKEN });
    const asked = [...assets].flatMap(([path, { body, contentType }]) => {
      if (path.startsWith('/vendor/')) return [];
      const text = new TextDecoder().decode(body);
      const found = contentType.startsWith('text/html')
        ? [...text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((match) => match[1]!)
        : importsOf(text);
      return found.map((specifier) => specifier.replace(/^\.\//, '/'));
    });
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter((path) => !assets.has(path))).toEqual([]);
  });

  it('has nothing that is not part of the page', () => {
    const assets = loadPageAssets({ projectDir: '.', token: TOKEN });
    expect([...assets.keys()].filter((path) => !/^\/(vendor\/)?[a-z-]*(\.(js|css|svg))?$/.test(path))).toEqual([]);
    expect(assets.has('/tsconfig.json')).toBe(false);
  });

  it('refuses a token or a venue that could break out of its attribute', () => {
    expect(() => loadPageAssets({ projectDir: '.', token: TOKEN, venue: '"><script>' })).toThrow(RangeError);
    expect(() => loadPageAssets({ projectDir: '.', token: 'abcdefghijklmnop"><script>' })).toThrow(RangeError);
  });

  it('allows scripts from the project alone', () => {
    expect(PAGE_HEADERS['content-security-policy']).toContain("script-src 'self';");
    expect([...loadPageAssets({ projectDir: '.', token: TOKEN }).values()].length).toBeGreaterThan(10);
    expect(textOf('/')).not.toMatch(/<script>|\son[a-z]+=|https?:\/\/(?!www\.tradingview\.com)/);
  });
});

describe('the page', () => {
  it('never turns text into markup', () => {
    const modules = [...loadPageAssets({ projectDir: '.', token: TOKEN })].filter(([path]) =>
      /^\/[a-z-]+\.js$/.test(path),
    );
    const unsafe = modules.filter(([, { body }]) =>
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|srcdoc/.test(
        new TextDecoder().decode(body),
      ),
    );
    expect(modules.length).toBeGreaterThan(8);
    expect(unsafe.map(([path]) => path)).toEqual([]);
  });
});
