import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pageSample, symbolSample } from '#test/support/page-samples.ts';
import { type PageServer, startPageServer } from '#test/support/page-server.ts';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const executablePath = (process.env.CHROMIUM ? [process.env.CHROMIUM] : PLACES).find((path) => existsSync(path));
if (executablePath === undefined) {
  console.warn('browser tests SKIPPED: no Chromium is installed (install one, or name it in CHROMIUM)');
}

describe.skipIf(executablePath === undefined)('Mission Control', () => {
  let browser: Browser;
  let server: PageServer;
  let page: Page;
  let troubles: string[];

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] });
  });
  afterAll(() => browser.close());

  beforeEach(async () => {
    server = await startPageServer(pageSample(Date.now()));
    page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
    troubles = [];
    page.on('pageerror', (error) => troubles.push(error.message));
    page.on('console', (message) => message.type() === 'error' && troubles.push(message.text()));
    await page.goto(server.url);
    await page.locator('#symbols tbody tr').first().waitFor();
  });
  afterEach(async () => {
    await page.close();
    await server.close();
  });

  const row = (symbol: string) =>
    page.locator('#symbols tbody tr', { has: page.locator(`button[title^="${symbol}/"]`) });
  const textOf = (selector: string) => page.locator(selector).innerText();
  /** For a person to look at, in the folder that PAGE_PICTURES names. */
  const picture = async (name: string) => {
    const folder = process.env.PAGE_PICTURES;
    if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}.png` });
  };
  /** Texts whose colour or background is the page's green. */
  const greens = () =>
    page.evaluate(`[...document.querySelectorAll('body *')]
      .filter((node) => {
        const { color, backgroundColor, visibility } = getComputedStyle(node);
        const before = getComputedStyle(node, '::before').backgroundColor;
        return visibility === 'visible' && node.checkVisibility() &&
          [color, backgroundColor, before].some((c) => c === 'rgb(46, 192, 139)' || c === 'rgb(14, 42, 33)');
      })
      .map((node) => node.id || node.textContent.slice(0, 40))`) as Promise<string[]>;

  it('shows the platform at a glance without an error or a request elsewhere', async () => {
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.reload();
    await page.locator('#realized[data-direction="up"]').waitFor();

    expect(await textOf('#state')).toBe('HEALTHY');
    expect(await textOf('#equity')).toBe('15,012.35');
    expect(await textOf('#unrealized')).toBe('+1.40');
    expect(await textOf('#venue')).toBe('hyperliquid · simulator local · main');
    expect(await textOf('#connection-state')).toBe('active');
    expect(await page.title()).toContain('HEALTHY · 15,012.35');
    await picture('healthy');
    expect(asked.filter((url) => !url.startsWith(server.url))).toEqual([]);
    expect(server.missing).toEqual([]);
    expect(troubles).toEqual([]);
  });

  it('shows desired, actual, every source with its age, the quorum and the decision in words', async () => {
    const text = await row('HYPE').innerText();

    expect(text).toContain('+5.71');
    expect(text).toMatch(/\+2\.85 [5-8]s/);
    expect(text).toContain('before settlement');
    expect(text).toContain('awaiting fill visibility');
    expect(text).toContain('2 of 3 sources have seen the fill');
    expect(await page.locator('#symbols thead').innerText()).toMatch(/own table\s+observer 1\s+observer 2/i);
    expect(await row('APT').innerText()).toContain('HOLD');
    expect(await row('ZEC').innerText()).toContain('unknown');
    expect(await row('ZEC').innerText()).toContain('data gap');
  });

  it('turns a stale number grey and shows its age', async () => {
    const price = row('ZEC').locator('td').nth(1);
    expect(await price.getAttribute('class')).toContain('stale');
    expect(await price.innerText()).toMatch(/60\.11 2m 4\ds/);
    const fresh = row('BTC').locator('td').nth(1);
    expect(await fresh.getAttribute('class')).not.toContain('stale');
  });

  it('draws the candles of the chosen symbol and changes with the choice', async () => {
    const drawn = () =>
      page
        .locator('#candles canvas')
        .first()
        .evaluate((canvas) => (canvas as unknown as { toDataURL(): string }).toDataURL());
    await page.waitForResponse((response) => response.url().includes('limit=3'));
    const btc = await drawn();

    const answered = page.waitForResponse((response) => response.url().includes('symbol=SOL'));
    await row('SOL').locator('button.link').click();
    await answered;
    await expect.poll(drawn).not.toBe(btc);

    expect(await page.locator('#symbol').inputValue()).toBe('SOL/USDC:USDC');
    expect(await row('SOL').getAttribute('aria-current')).toBe('true');
    expect(await page.locator('#equity-chart canvas').count()).toBe(1);
  });

  it('tells the prices and the fills of the bar under the pointer', async () => {
    const box = (await page.locator('#candles').boundingBox())!;
    const hover = page.locator('#candles .chart-hover');
    expect(await hover.isVisible()).toBe(false);
    await page.waitForResponse((response) => response.url().includes('limit=3'));
    const bars: string[] = [];
    for (let x = box.x + 20; x < box.x + box.width - 90; x += 4) {
      await page.mouse.move(x, box.y + 120);
      bars.push(await hover.innerText());
    }

    expect(bars).toContainEqual(expect.stringContaining('buy 0.0031 at'));
    expect(bars.filter((text) => /O [\d,.]+ {2}H [\d,.]+ {2}L [\d,.]+ {2}C [\d,.]+/.test(text)).length).toBeGreaterThan(
      50,
    );
    expect(bars.some((text) => text.includes('sell 0.0031 at'))).toBe(true);
    await picture('hovered');
  });

  it('puts one arrow a bar and side on the chart, however many fills there were', async () => {
    const groups = await page.evaluate(`import('/bar-fills.js').then(({ fillsByBar, barText }) => {
      const fill = (venueTimeMs, side, size, ours = true) => ({ venueTimeMs, side, size, price: '10', ours });
      const fills = [fill(130_000, 'sell', '3', false), fill(125_000, 'buy', '2'), fill(121_000, 'buy', '1'), fill(60_000, 'buy', '4')];
      const groups = fillsByBar(fills, 60);
      const bar = { openTimeMs: 120_000, open: '9', high: '11', low: '8', close: '10' };
      return [groups.map((g) => [g.openTimeMs, g.side, g.fills.length]), barText(bar, groups.slice(1))];
    })`);

    expect(groups).toEqual([
      [
        [60_000, 'buy', 1],
        [120_000, 'buy', 2],
        [120_000, 'sell', 1],
      ],
      '01-01 00:02  O 9  H 11  L 8  C 10\nbuy 1 at 10\nbuy 2 at 10\nforeign sell 3 at 10',
    ]);
  });

  it('follows new snapshots: rows keep their place, gone ones go, new ones come', async () => {
    const nowMs = Date.now();
    const system = {
      ...server.snapshot.system!,
      state: 'LOCKED',
      lockMode: 'close-only',
      reason: 'storm',
      changedBy: 'ann',
    };
    server.snapshot = pageSample(nowMs, {
      symbols: [symbolSample('SOL/USDC:USDC', nowMs), symbolSample('NEW/USDC:USDC', nowMs)],
      orders: [],
      system,
    });
    server.send();

    await row('NEW').waitFor();
    expect(await page.locator('#symbols tbody tr').count()).toBe(2);
    expect(await textOf('#orders tbody')).toContain('No orders yet.');
    expect(await textOf('#state')).toBe('LOCKED · close-only');
    expect(await textOf('#state-reason')).toContain('storm (by ann');
    expect(await page.locator('#unlock').isEnabled()).toBe(true);
  });

  it('locks with a reason, the mode and the token, by keyboard alone', async () => {
    await page.locator('#lock').focus();
    await page.keyboard.press('Enter');
    await page.locator('#system-dialog[open]').waitFor();
    await page.keyboard.press('Enter');
    expect(await page.locator('#system-dialog[open]').count()).toBe(1);
    expect(server.changes).toEqual([]);

    await page.keyboard.type('no more storms');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.type('flatten');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('#system-dialog:not([open])').waitFor({ state: 'attached' });

    expect(server.changes).toEqual([{ path: '/api/lock', body: { mode: 'flatten', reason: 'no more storms' } }]);
    expect(server.refused).toEqual([]);
  });

  it('unlocks only the state that was looked at, and shows a refusal in its own words', async () => {
    const locked = { ...server.snapshot.system!, state: 'LOCKED', lockMode: 'freeze', version: 9 };
    server.snapshot = pageSample(Date.now(), { system: locked });
    server.send();
    await page.locator('#unlock:enabled').click();
    server.snapshot = pageSample(Date.now(), { system: { ...locked, version: 10 } });
    server.send();
    server.refuseNextWith = 'the state has moved on';
    await page.locator('#reason').fill('all clear');
    await page.locator('#system-dialog-go').click();

    await expect.poll(() => textOf('#system-dialog-error')).toBe('the state has moved on');
    await page.locator('#system-dialog-go').click();
    await page.locator('#system-dialog:not([open])').waitFor({ state: 'attached' });

    expect(server.changes).toEqual([{ path: '/api/unlock', body: { reason: 'all clear', expectedVersion: 9 } }]);
  });

  it('cannot lock or unlock without the token of this start', async () => {
    await page.evaluate(`document.querySelector('meta[name="3t-token"]').setAttribute('content', 'wrong')`);
    await page.locator('#lock').click();
    await page.locator('#reason').fill('storm coming');
    await page.locator('#system-dialog-go').click();

    await expect.poll(() => textOf('#system-dialog-error')).toBe('the token is missing');
    expect(server.changes).toEqual([]);
  });

  it('explains a symbol from the stored rows, as text whatever they hold', async () => {
    await row('BTC').locator('button', { hasText: 'why' }).click();

    await expect.poll(() => textOf('#why-body')).toContain('12 runs are long and 2 short');
    expect(await textOf('#why-body')).toContain('<img src=x onerror=');
    expect(await page.locator('#why-body img').count()).toBe(0);
    expect(await page.title()).not.toBe('broken');
    await page.keyboard.press('Escape');
    expect(await page.locator('#why-dialog[open]').count()).toBe(0);
  });

  it('shows hostile text as text', async () => {
    const nowMs = Date.now();
    const hostile = '<script>document.title="broken"</script><b id="hostile">x</b>';
    const symbol = symbolSample('BTC/USDC:USDC', nowMs, { hold: hostile });
    server.snapshot = pageSample(nowMs, {
      symbols: [symbol],
      system: { ...server.snapshot.system!, state: 'LOCKED', reason: hostile },
    });
    server.send();

    await expect.poll(() => textOf('#state-reason')).toContain(hostile);
    expect(await row('BTC').innerText()).toContain(hostile);
    expect(await page.locator('#hostile').count()).toBe(0);
    expect(troubles).toEqual([]);
  });

  it('says active, then stale, then offline while the platform is silent, and comes back by itself', async () => {
    server.pause();
    const state = () => textOf('#connection-state');
    await expect.poll(state, { timeout: 10_000 }).toBe('stale');
    expect(await page.locator('body').getAttribute('data-connection')).toBe('stale');
    expect(await greens()).toEqual([]);
    await expect.poll(state, { timeout: 25_000 }).toBe('offline');
    expect(await page.locator('#lock').isEnabled()).toBe(false);
    expect(await page.title()).toBe('OFFLINE · 3T');
    expect(await textOf('#state')).toBe('OFFLINE');
    expect(await textOf('#offline')).toMatch(/said nothing for 1\ds.*HEALTHY, equity 15,012\.35/);
    expect(await page.locator('#holds button:enabled').count()).toBe(0);
    expect(await greens()).toEqual([]);
    await picture('offline');

    server.snapshot = pageSample(Date.now(), { counts: { ...server.snapshot.counts, liveRuns: 77 } });
    server.resume();
    await expect.poll(state, { timeout: 25_000 }).toBe('active');
    expect(await textOf('#runs')).toBe('77');
    expect(await page.locator('#offline').isVisible()).toBe(false);
    expect(await page.title()).toContain('HEALTHY');
    expect(await greens()).not.toEqual([]);
  });

  it('shows nothing green while the venue is frozen, from the age at which the gates refuse', async () => {
    expect(await greens()).not.toEqual([]);
    const nowMs = Date.now();
    const frozen = pageSample(nowMs);
    const problem = 'the newest price is 11 s old, the newest mark price 41 s: nothing is opened on it';
    server.snapshot = {
      ...frozen,
      symbols: frozen.symbols.map((symbol) => ({
        ...symbol,
        price: { ...symbol.price!, ageMs: 10_500, stale: true, counts: false },
      })),
      readiness: {
        ready: false,
        checks: [
          { check: 'state', ok: true, problem: null },
          { check: 'prices', ok: false, problem },
        ],
      },
    };
    server.send();

    await expect.poll(() => textOf('#state')).toBe('NOT READY');
    expect(await textOf('#state-reason')).toBe(`Not ready, prices: ${problem}.`);
    expect(await page.title()).toContain('NOT READY');
    expect(await greens()).toEqual([]);
    await picture('frozen');
  });

  it('greys a number as it grows too old between two snapshots', async () => {
    const nowMs = Date.now();
    const price = { price: '65000', ageMs: 9_200, stale: false, markPrice: null, markAgeMs: null };
    server.snapshot = pageSample(nowMs, { symbols: [symbolSample('BTC/USDC:USDC', nowMs, { price })] });
    server.send();

    const cell = row('BTC').locator('td').nth(1);
    await expect.poll(() => cell.innerText()).toBe('65,000');
    await expect.poll(() => cell.getAttribute('class'), { timeout: 4_000 }).toContain('stale');
    expect(await cell.innerText()).toMatch(/65,000 1\ds/);
  });

  it('says HOLD in a banner and takes the answer there, with a reason', async () => {
    expect(await textOf('#holds')).toMatch(/HOLD APT.*a fill of 6 that no order of ours explains.*position \+31/s);
    await picture('hold');
    for (const action of ['Adopt', 'Release', 'Flatten']) {
      await page.locator('#holds button', { hasText: action }).click();
      expect(await textOf('#system-dialog-title')).toBe(`${action} APT`);
      expect(await page.locator('#mode-field').isVisible()).toBe(false);
      await page.locator('#reason').fill(`mine: ${action}`);
      await page.locator('#system-dialog-go').click();
      await page.locator('#system-dialog:not([open])').waitFor({ state: 'attached' });
    }

    const body = (action: string) => ({ symbol: 'APT/USDC:USDC', reason: `mine: ${action}` });
    expect(server.changes).toEqual([
      { path: '/api/adopt', body: body('Adopt') },
      { path: '/api/release', body: body('Release') },
      { path: '/api/flatten', body: body('Flatten') },
    ]);
    server.snapshot = pageSample(Date.now(), { symbols: [symbolSample('APT/USDC:USDC', Date.now())] });
    server.send();
    await expect.poll(() => page.locator('#holds .banner').count()).toBe(0);
  });

  it('shows the alerts themselves, new ones as soon as their number changes', async () => {
    expect(await textOf('#alerts-table tbody')).toContain('No alerts.');
    const lastAtMs = server.snapshot.nowMs - 65_000;
    const message = 'APT/USDC:USDC is on HOLD: <b>foreign-fill</b>';
    server.alerts = [
      {
        id: 'hold:1',
        kind: 'foreign-fill',
        severity: 'critical',
        symbol: 'APT/USDC:USDC',
        message,
        count: 2,
        firstAtMs: lastAtMs - 5_000,
        lastAtMs,
      },
    ];
    server.snapshot = pageSample(Date.now(), { counts: { ...server.snapshot.counts, alerts: 2 } });
    server.send();

    await expect.poll(() => textOf('#alerts-table tbody')).toContain(message);
    const text = await textOf('#alerts-table tbody');
    expect(text).toMatch(/1m 0\ds ago\s+critical\s+foreign fill\s+APT/);
    await page.locator('#alerts-panel').scrollIntoViewIfNeeded();
    await picture('alerts');
  });

  it('fits a telephone without scrolling sideways', async () => {
    await page.setViewportSize({ width: 390, height: 840 });
    const sideways = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    expect(sideways).toBeLessThanOrEqual(0);
  });
});
