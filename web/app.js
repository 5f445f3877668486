// @ts-check
import { isStale } from './ages.js';
import { AlertsTable } from './alerts-table.js';
import { fetchPnl } from './api-client.js';
import { CandleChart } from './candle-chart.js';
import { byId, element, setData, setText } from './dom.js';
import { EquityChart } from './equity-chart.js';
import { age, decimal, direction, money, shortSymbol, signed } from './format.js';
import { HoldBanners } from './hold-banners.js';
import { LiveConnection } from './live-connection.js';
import { OrdersTable } from './orders-table.js';
import { ReasonDialog } from './reason-dialog.js';
import { SymbolsTable } from './symbols-table.js';
import { SystemPanel, stateWord } from './system-panel.js';
import { WhyDialog } from './why-dialog.js';

/** @import { PlatformSnapshot } from '../shared/messages/platform-snapshot.ts' */

const TIMEFRAMES = ['1m', '5m', '15m', '1h', '4h'];
const CANDLES_EVERY_MS = 3000;
const PNL_EVERY_MS = 15_000;
const ALERTS_EVERY_MS = 10_000;
const AGES_EVERY_MS = 1000;

/** @type {PlatformSnapshot | null} */
let snapshot = null;
/** @type {string | null} */
let chosen = null;
let timeframe = TIMEFRAMES[0] ?? '1m';

/** @type {HTMLSelectElement} */
const symbolSelect = byId('symbol');
const candleChart = new CandleChart(byId('candles'));
const equityChart = new EquityChart(byId('equity-chart'));
const whyDialog = new WhyDialog();
const reasonDialog = new ReasonDialog();
const systemPanel = new SystemPanel(reasonDialog);
const holdBanners = new HoldBanners(byId('holds'), reasonDialog);
const alertsTable = new AlertsTable(byId('alerts-table'));
const symbolsTable = new SymbolsTable(byId('symbols'), {
  onChoose: choose,
  onWhy: (symbol) => void whyDialog.open(symbol),
});
const ordersTable = new OrdersTable(byId('orders'), (orderId) => void whyDialog.open(orderId));

const connection = new LiveConnection('/api/events', (next) => {
  const before = snapshot;
  snapshot = next;
  const first = chosen === null;
  const moreAlerts = next.counts.alerts !== before?.counts.alerts;
  chosen ??= next.symbols[0]?.symbol ?? null;
  render();
  if (first) void refreshCandles();
  if (moreAlerts) void alertsTable.refresh();
});

/** @param {string} symbol */
function choose(symbol) {
  chosen = symbol;
  render();
  void refreshCandles();
}

function render() {
  showConnection();
  if (snapshot === null) return;
  // The platform's clock goes on between two snapshots.
  const elapsedMs = Math.max(0, connection.silenceMs);
  showHeader(snapshot, elapsedMs);
  showSymbolChoice(snapshot);
  symbolsTable.update(snapshot.symbols, { elapsedMs, chosen, ages: snapshot.ages ?? null });
  ordersTable.update(snapshot.orders, snapshot.nowMs + elapsedMs);
  systemPanel.update(snapshot, connection.state);
  holdBanners.update(snapshot.symbols, connection.state !== 'offline');
  showChosen(snapshot, elapsedMs);
  const { money: now } = snapshot;
  if (now?.equityQuote) equityChart.add([[snapshot.nowMs - (now.equityAgeMs ?? now.ageMs), now.equityQuote]]);
}

function showConnection() {
  const state = connection.state;
  setText(byId('connection-state'), state);
  // Apart from the state, which screen readers announce: the age changes each second.
  setText(byId('connection-age'), snapshot === null || state === 'active' ? '' : age(connection.silenceMs));
  setData(byId('connection'), 'state', state);
  setData(document.body, 'connection', state);
  // Nothing is green on facts that are old: neither when the platform is silent nor when it refuses to act on what it has.
  const known = (snapshot?.readiness?.checks ?? []).every(({ check, ok }) => ok || check === 'state');
  setData(document.body, 'live', state === 'active' && known ? 'yes' : 'no');
  const banner = byId('offline');
  banner.hidden = snapshot === null || state !== 'offline';
  if (snapshot === null || state !== 'offline') return;
  const last = `${snapshot.system?.state ?? 'no state'}, equity ${money(snapshot.money?.equityQuote)}`;
  setText(
    banner,
    `OFFLINE: the platform has said nothing for ${age(connection.silenceMs)}. Everything below is from then (${last}). Open positions stay open without it.`,
  );
}

/** @param {PlatformSnapshot} now @param {number} elapsedMs */
function showHeader(now, elapsedMs) {
  const venue = document.querySelector('meta[name="3t-venue"]')?.getAttribute('content') ?? '';
  setText(byId('venue'), [now.exchange, venue, now.account].filter(Boolean).join(' · '));
  setData(byId('venue'), 'tone', /\blive\b/.test(venue) ? 'bad' : '');
  const purse = now.money;
  const old = isStale(purse, now.ages?.accountMs, elapsedMs);
  const doubt = purse?.doubt ?? null;
  const stale = purse !== null && (old || !purse.complete || doubt !== null);
  const since = purse === null || !stale ? '' : ` ${age((purse.equityAgeMs ?? purse.ageMs) + elapsedMs)} old`;
  for (const id of ['equity', 'margin', 'unrealized']) byId(id).classList.toggle('stale', stale);
  // The last believed equity: never that of a reading that is partial or contradicts itself.
  setText(
    byId('equity'),
    `${money(purse?.equityQuote)}${since}${doubt === null ? '' : `, now unknown: ${doubt.code}`}`,
  );
  byId('equity').title = doubt?.message ?? '';
  setText(byId('margin'), money(purse?.marginUsedQuote));
  setText(byId('unrealized'), signed(purse?.unrealizedPnlQuote, money));
  byId('unrealized').dataset.direction = direction(purse?.unrealizedPnlQuote);
  const { counts } = now;
  setText(byId('positions'), String(counts.openPositions));
  setText(byId('runs'), String(counts.liveRuns));
  setText(
    byId('working'),
    counts.unknownOrders > 0
      ? `${counts.workingOrders} (${counts.unknownOrders} unknown)`
      : String(counts.workingOrders),
  );
  setText(byId('alerts'), String(counts.alerts));
  byId('alerts').dataset.direction = counts.alerts > 0 ? 'down' : '';
  const foreign = now.foreignPositions.map(
    (position) => `${shortSymbol(position.symbol)} ${signed(position.size, decimal)}`,
  );
  const managed = `${now.symbols.filter((symbol) => symbol.managed).length} managed`;
  setText(
    byId('symbols-note'),
    foreign.length === 0 ? managed : `${managed} · positions nobody manages: ${foreign.join(', ')}`,
  );
  setText(byId('orders-note'), now.orders.length === 0 ? '' : `newest ${now.orders.length}`);
  const word = stateWord(now, connection.state);
  const title = word === 'OFFLINE' ? 'OFFLINE · 3T' : `${word} · ${money(purse?.equityQuote)} · 3T`;
  if (document.title !== title) document.title = title;
}

/** @param {PlatformSnapshot} now */
function showSymbolChoice(now) {
  const names = now.symbols.map((symbol) => symbol.symbol);
  if ([...symbolSelect.options].map((option) => option.value).join() !== names.join()) {
    symbolSelect.replaceChildren(
      ...names.map((name) => {
        const option = element('option', { text: shortSymbol(name), title: name });
        option.value = name;
        return option;
      }),
    );
  }
  if (chosen !== null && !names.includes(chosen)) chosen = names[0] ?? null;
  if (chosen !== null && symbolSelect.value !== chosen) symbolSelect.value = chosen;
}

/** @param {PlatformSnapshot} now @param {number} elapsedMs */
function showChosen(now, elapsedMs) {
  const symbol = now.symbols.find((candidate) => candidate.symbol === chosen);
  const price = symbol?.price ?? null;
  const stale = isStale(price, now.ages?.priceMs, elapsedMs);
  byId('last-price').classList.toggle('stale', stale);
  setText(
    byId('last-price'),
    `${decimal(price?.price)}${price !== null && stale ? ` ${age(price.ageMs + elapsedMs)} old` : ''}`,
  );
  if (symbol === undefined) return;
  if (price !== null) candleChart.tick(symbol.symbol, price.price, now.nowMs - price.ageMs);
  const open = symbol.actual !== null && Number(symbol.actual.size) !== 0;
  candleChart.entry(open ? symbol.entryPrice : null);
}

async function refreshCandles() {
  if (chosen === null || document.hidden) return;
  const note = await candleChart.refresh(chosen, timeframe);
  setText(byId('chart-note'), note);
}

async function refreshPnl() {
  const pnl = await fetchPnl().catch(() => null);
  if (pnl === null) return;
  equityChart.add(pnl.curve);
  setText(byId('realized'), signed(pnl.realizedQuote, money));
  byId('realized').dataset.direction = direction(pnl.realizedQuote);
  setText(byId('fees'), money(pnl.feesQuote));
}

function showTimeframes() {
  const buttons = TIMEFRAMES.map((name) => {
    const button = element('button', { type: 'button', text: name });
    button.setAttribute('aria-pressed', String(name === timeframe));
    button.addEventListener('click', () => {
      timeframe = name;
      for (const other of buttons) other.setAttribute('aria-pressed', String(other === button));
      void refreshCandles();
    });
    return button;
  });
  byId('timeframes').replaceChildren(...buttons);
}

/** Runs now and then again and again, each time only after the last one ended. @param {() => Promise<void>} work @param {number} everyMs */
async function repeat(work, everyMs) {
  for (;;) {
    await work().catch((error) => console.error(error));
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

showTimeframes();
symbolSelect.addEventListener('change', () => choose(symbolSelect.value));
document.addEventListener('visibilitychange', () => void refreshCandles());
connection.open();
setInterval(render, AGES_EVERY_MS);
void repeat(refreshCandles, CANDLES_EVERY_MS);
void repeat(refreshPnl, PNL_EVERY_MS);
void repeat(() => alertsTable.refresh(), ALERTS_EVERY_MS);
