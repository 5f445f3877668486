// @ts-check
import { isStale } from './ages.js';
import { element, KeyedRows, setData, setText } from './dom.js';
import { age, decimal, direction, money, shortSymbol, signed, words } from './format.js';

/** @import { PlatformSnapshot, SymbolSnapshot } from '../shared/messages/platform-snapshot.ts' */
/** @typedef {NonNullable<PlatformSnapshot['ages']>} Ages */
/** @typedef {{ elapsedMs: number, chosen: string | null, ages: Ages | null }} View `elapsedMs`: since the snapshot; every age grows by it. */

/** @type {Readonly<Record<string, string>>} */
const DECISION_TONE = { order: 'info', 'in-sync': 'good', refusal: 'warn', cancel: 'info', superseded: '' };
/** Why there was no quorum; any other code came from a later rule. @type {Readonly<Record<string, string>>} */
const QUORUM_CODES = { dissent: 'bad', 'no-quorum': 'warn', 'awaiting-fill-visibility': 'warn' };
const SOURCES_MAX = 8;

/** Desired, actual, each source with its age, quorum, and the last decision in words. */
export class SymbolsTable {
  #table;
  #rows;
  #onChoose;
  #onWhy;
  /** @type {readonly string[]} */
  #sources = [];
  /** @type {View} */
  #view = { elapsedMs: 0, chosen: null, ages: null };

  /**
   * @param {HTMLTableElement} table
   * @param {{ onChoose: (symbol: string) => void, onWhy: (symbol: string) => void }} on
   */
  constructor(table, on) {
    this.#table = table;
    this.#onChoose = on.onChoose;
    this.#onWhy = on.onWhy;
    /** @type {KeyedRows<SymbolSnapshot>} */
    this.#rows = new KeyedRows(table.tBodies[0], 'No symbols yet.', (row, item) => this.#fill(row, item));
    this.#head([]);
  }

  /** @param {readonly SymbolSnapshot[]} symbols @param {View} view */
  update(symbols, view) {
    this.#view = view;
    const named = symbols.flatMap((symbol) => symbol.sources.map((source) => source.source));
    const sources = [...new Set([...this.#sources, ...named])].slice(0, SOURCES_MAX);
    if (sources.length !== this.#sources.length) this.#head(sources);
    this.#rows.update(symbols, (symbol) => symbol.symbol);
  }

  /** @param {readonly string[]} sources */
  #head(sources) {
    this.#sources = sources;
    const names = sources.map(sourceName);
    const numeric = new Set(['Last', 'Desired', 'Actual', 'Unrealized', 'Runs', ...names]);
    const columns = ['Symbol', 'Last', 'Desired', 'Actual', ...names, 'Quorum', 'Unrealized', 'Runs'];
    const cells = [...columns, 'Last decision or refusal', ''].map((text) =>
      element('th', { scope: 'col', text, class: numeric.has(text) ? 'number' : '' }),
    );
    this.#table.tHead?.replaceChildren(element('tr', {}, ...cells));
    this.#rows.clear();
  }

  /** @param {HTMLTableRowElement} row @param {SymbolSnapshot} item */
  #fill(row, item) {
    if (row.cells.length === 0) this.#build(row, item);
    if (item.symbol === this.#view.chosen) row.setAttribute('aria-current', 'true');
    else row.removeAttribute('aria-current');
    row.classList.toggle('unmanaged', !item.managed || item.released);
    const { ages, elapsedMs } = this.#view;
    // Where the gates would refuse, no old verdict is green.
    const counts = item.price?.counts ?? !isStale(item.price, ages?.priceMs, elapsedMs);
    row.classList.toggle('not-live', !counts || isStale(item.actual, ages?.accountMs, elapsedMs));

    const cells = [...row.cells];
    const next = () => /** @type {HTMLTableCellElement} */ (cells.shift());
    const { actual, price } = item;
    next();
    this.#number(next(), decimal(price?.price), price, ages?.priceMs);
    this.#desired(next(), item);
    this.#number(
      next(),
      actual === null ? 'unknown' : signed(actual.size, decimal),
      actual,
      ages?.accountMs,
      direction(actual?.size),
    );
    for (const name of this.#sources) this.#source(next(), item, name);
    this.#quorum(next(), item);
    const unrealized = item.unrealizedPnlQuote;
    this.#number(next(), signed(unrealized, money), actual, ages?.accountMs, direction(unrealized));
    this.#runs(next(), item);
    this.#decision(next(), item);
  }

  /** @param {HTMLTableRowElement} row @param {SymbolSnapshot} item */
  #build(row, item) {
    const short = shortSymbol(item.symbol);
    const choose = element('button', {
      class: 'link',
      type: 'button',
      text: short,
      title: `${item.symbol}: show in the chart`,
    });
    choose.addEventListener('click', () => this.#onChoose(item.symbol));
    const why = element('button', { class: 'small', type: 'button', text: 'why', label: `Why ${short}` });
    why.addEventListener('click', () => this.#onWhy(item.symbol));
    const number = () => element('td', { class: 'number' }, element('span'), ' ', element('small'));
    row.append(
      element('td', {}, choose),
      number(),
      number(),
      number(),
      ...this.#sources.map(number),
      element('td', {}, element('span', { class: 'tag' })),
      number(),
      element('td', { class: 'number' }),
      element('td', { class: 'words' }, element('span', { class: 'tag' }), ' ', element('span'), ' ', element('small')),
      element('td', {}, why),
    );
  }

  /**
   * A number that turns grey, with its age, when it is old.
   * @param {HTMLElement} cell @param {string} text
   * @param {{ ageMs: number, stale: boolean } | null} seen @param {number | undefined} maxMs @param {string} [tone]
   */
  #number(cell, text, seen, maxMs, tone = '') {
    const [value, note] = cell.children;
    if (!(value instanceof HTMLElement) || !(note instanceof HTMLElement)) return;
    const stale = isStale(seen, maxMs, this.#view.elapsedMs);
    cell.classList.toggle('stale', stale);
    value.className = stale ? '' : tone;
    setText(value, text);
    setText(note, seen !== null && stale ? age(seen.ageMs + this.#view.elapsedMs) : '');
  }

  /** @param {HTMLElement} cell @param {SymbolSnapshot} item */
  #desired(cell, item) {
    const { desired } = item;
    const unknown = desired !== null && desired.size === null;
    cell.classList.toggle('unknown', unknown);
    this.#number(cell, unknown ? 'unknown' : signed(desired?.size, decimal), null, undefined, direction(desired?.size));
    const note = cell.children[1];
    const reason = words(desired?.reason ?? item.dataState ?? '');
    if (note) setText(note, unknown ? (item.cause ? `price feed (${reason})` : reason) : '');
    if (cell.title !== (item.cause ?? '')) cell.title = item.cause ?? '';
  }

  /** A source always shows its age; one that does not count is grey and says why. @param {HTMLElement} cell @param {SymbolSnapshot} item @param {string} name */
  #source(cell, item, name) {
    const [value, note] = cell.children;
    const source = item.sources.find((candidate) => candidate.source === name);
    if (!value || !note) return;
    // Its age was taken when the decision was made.
    const sinceMs = (item.decision?.ageMs ?? 0) + this.#view.elapsedMs;
    const ageMs = source === undefined || source.ageMs === null ? null : source.ageMs + sinceMs;
    const old = isStale(ageMs === null ? null : { ageMs, stale: false }, this.#view.ages?.accountMs, 0);
    cell.classList.toggle('stale', !source?.counts || ageMs === null || old);
    setText(value, source === undefined ? '–' : signed(source.size, decimal));
    const reason = source?.why ? words(source.why) : '';
    setText(note, [ageMs === null ? '' : age(ageMs), reason].filter(Boolean).join(' · '));
  }

  /** @param {HTMLElement} cell @param {SymbolSnapshot} item */
  #quorum(cell, item) {
    const tag = cell.firstElementChild;
    if (!(tag instanceof HTMLElement)) return;
    const code = item.decision?.code ?? '';
    const tone = QUORUM_CODES[code];
    const known =
      item.quorum === true ? 'agreed' : tone !== undefined ? words(code) : item.quorum === false ? 'none' : 'not yet';
    setText(tag, known);
    setData(tag, 'tone', item.quorum === true ? 'good' : (tone ?? ''));
  }

  /** @param {HTMLElement} cell @param {SymbolSnapshot} item */
  #runs(cell, item) {
    const { live, long, short } = item.runs;
    setText(cell, live === 0 ? '0' : `${live} (${long}↑ ${short}↓)`);
    const title = `${live} live: ${long} long, ${short} short, virtual profit ${money(item.runs.pnlQuote)}`;
    if (cell.title !== title) cell.title = title;
  }

  /** @param {HTMLElement} cell @param {SymbolSnapshot} item */
  #decision(cell, item) {
    const [tag, text, note] = cell.children;
    if (!(tag instanceof HTMLElement) || !text || !note) return;
    const { decision, hold } = item;
    if (hold !== null) {
      setText(tag, 'HOLD');
      setData(tag, 'tone', 'bad');
      setText(text, hold);
    } else {
      setText(tag, decision === null ? 'none yet' : decision.kind === 'in-sync' ? 'in sync' : words(decision.code));
      setData(tag, 'tone', DECISION_TONE[decision?.kind ?? ''] ?? '');
      setText(text, decision?.message ?? '');
    }
    const times = decision !== null && decision.count > 1 ? ` · ${decision.count} times` : '';
    setText(note, decision === null ? '' : `${age(decision.ageMs + this.#view.elapsedMs)} ago${times}`);
  }
}

/** @param {string} source */
const sourceName = (source) => words(source.replace(/^observer:/, ''));
