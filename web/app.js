// @ts-check
import { fetchPnl } from './api-client.js';
import { CandleChart } from './candle-chart.js';
import { byId, element, setData, setText } from './dom.js';
import { EquityChart } from './equity-chart.js';
import { age, decimal, direction, money, shortSymbol, signed } from './format.js';
import { LiveConnection } from './live-connection.js';
import { OrdersTable } from './orders-table.js';
import { SymbolsTable } from './symbols-table.js';
import { SystemPanel } from './system-panel.js';
import { WhyDialog } from './why-dialog.js';

/** @import { PageSnapshot } from '../shared/messages/page-snapshot.ts' */

const TIMEFRAMES = ['1m', '5m', '15m', '1h', '4h'];
const CANDLES_EVERY_MS = 3000;
const PNL_EVERY_MS = 15_000;
const AGES_EVERY_MS = 1000;

/** @type {PageSnapshot | null} */
let snapshot = null;
/** @type {string | null} */
let chosen = null;
let timeframe = TIMEFRAMES[0] ?? '1m';

/** @type {HTMLSelectElement} */
const symbolSelect = byId('symbol');
const candleChart = new CandleChart(byId('candles'));
const equityChart = new EquityChart(byId('equity-chart'));
const whyDialog = new WhyDialog();
const systemPanel = new SystemPanel();
const symbolsTable = new SymbolsTable(byId('symbols'), {
  onChoose: choose,
  onWhy: (symbol) => void whyDialog.open(symbol),
});
const ordersTable = new OrdersTable(byId('orders'), (orderId) => void whyDialog.open(orderId));

const connection = new LiveConnection('/api/events', (next) => {
  snapshot = next;
  const first = chosen === null;
  chosen ??= next.symbols[0]?.symbol ?? null;
  render();
  if (first) void refreshCandles();
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
  const nowMs = snapshot.nowMs + Math.max(0, connection.silenceMs);
  showHeader(snapshot, nowMs);
  showSymbolChoice(snapshot);
  const view = { nowMs, staleAfterMs: snapshot.staleAfterMs, chosen };
  symbolsTable.update(snapshot.symbols, view);
  ordersTable.update(snapshot.orders, nowMs);
  systemPanel.update(snapshot, connection.state !== 'offline');
  showChosen(snapshot, nowMs);
  if (snapshot.balance !== null) equityChart.add([snapshot.balance]);
}

function showConnection() {
  const state = connection.state;
  setText(byId('connection-state'), state);
  // Apart from the state, which screen readers announce: the age changes each second.
  setText(byId('connection-age'), snapshot === null || state === 'active' ? '' : age(connection.silenceMs));
  setData(byId('connection'), 'state', state);
  setData(document.body, 'connection', state);
}

/** @param {PageSnapshot} now @param {number} nowMs */
function showHeader(now, nowMs) {
  setText(byId('venue'), `${now.exchange} ${now.exchangeKind} · ${now.account} · stage ${now.stage}`);
  setData(byId('venue'), 'tone', now.exchangeKind === 'live' ? 'bad' : '');
  const balance = now.balance;
  const balanceAgeMs = balance === null ? 0 : nowMs - balance.venueTimeMs;
  const stale = balance !== null && (balanceAgeMs > now.staleAfterMs || !balance.complete);
  const note = balance !== null && !balance.complete ? ' incomplete' : stale ? ` ${age(balanceAgeMs)} old` : '';
  for (const id of ['equity', 'margin']) byId(id).classList.toggle('stale', stale);
  setText(byId('equity'), `${money(balance?.equityQuote)}${note}`);
  setText(byId('margin'), money(balance?.marginUsedQuote));
  const open = now.symbols.filter((symbol) => symbol.position !== null && Number(symbol.position.size) !== 0);
  const unrealized = String(open.reduce((sum, symbol) => sum + Number(symbol.position?.unrealizedPnlQuote ?? 0), 0));
  setText(byId('unrealized'), signed(unrealized, money));
  byId('unrealized').className = `number ${direction(unrealized)}`;
  setText(byId('positions'), String(open.length));
  setText(byId('runs'), String(now.liveRuns));
  setText(byId('ticks'), now.ticksPerSecond === null ? '–' : String(Math.round(now.ticksPerSecond)));
  setText(byId('symbols-note'), `${now.symbols.filter((symbol) => symbol.managed).length} managed`);
  setText(byId('orders-note'), now.orders.length === 0 ? '' : `newest ${now.orders.length}`);
  const state = now.system?.state ?? 'no state';
  const title = `${state} · ${money(balance?.equityQuote)} · 3T`;
  if (document.title !== title) document.title = title;
}

/** @param {PageSnapshot} now */
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

/** @param {PageSnapshot} now @param {number} nowMs */
function showChosen(now, nowMs) {
  const symbol = now.symbols.find((candidate) => candidate.symbol === chosen);
  const price = symbol?.price ?? null;
  const priceAgeMs = price === null ? 0 : nowMs - price.venueTimeMs;
  const stale = price !== null && priceAgeMs > now.staleAfterMs;
  byId('last-price').classList.toggle('stale', stale);
  setText(byId('last-price'), `${decimal(price?.last)}${stale ? ` ${age(priceAgeMs)} old` : ''}`);
  if (symbol === undefined) return;
  if (price !== null) candleChart.tick(symbol.symbol, price.last, price.venueTimeMs);
  const position = symbol.position;
  const entry = position !== null && Number(position.size) !== 0 ? position.entryPrice : null;
  candleChart.entry(entry, entry === null ? '' : `entry ${signed(position?.size, decimal)}`);
}

async function refreshCandles() {
  if (chosen === null || document.hidden) return;
  const note = await candleChart.refresh(chosen, timeframe);
  setText(byId('chart-note'), note);
}

async function refreshPnl() {
  const pnl = await fetchPnl().catch(() => null);
  if (pnl === null) return;
  equityChart.add(pnl.points);
  setText(byId('realized'), signed(pnl.realizedPnlQuote, money));
  byId('realized').className = `number ${direction(pnl.realizedPnlQuote)}`;
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
