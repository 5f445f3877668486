// @ts-check
import { element, KeyedRows, setData, setText } from './dom.js';
import { age, decimal, direction, money, shortSymbol, signed, words } from './format.js';

/** @import { PageSnapshot } from '../shared/messages/page-snapshot.ts' */
/** @typedef {PageSnapshot['symbols'][number]} SymbolRow */
/** @typedef {{ nowMs: number, staleAfterMs: number, chosen: string | null }} View */

/** @type {Readonly<Record<string, string>>} */
const DECISION_TONE = { order: 'info', 'in-sync': 'good', refusal: 'warn', cancel: 'info', superseded: '' };
/** @type {Readonly<Record<string, string>>} */
const QUORUM_TONE = { agreed: 'good', dissent: 'bad', 'no-quorum': 'warn', 'awaiting-fill-visibility': 'warn' };

/** Desired, actual, each source with its age, quorum, and the last decision in words. */
export class SymbolsTable {
  #table;
  #rows;
  #onChoose;
  #onWhy;
  /** @type {readonly string[]} */
  #sources = [];
  /** @type {View} */
  #view = { nowMs: 0, staleAfterMs: 1, chosen: null };

  /**
   * @param {HTMLTableElement} table
   * @param {{ onChoose: (symbol: string) => void, onWhy: (symbol: string) => void }} on
   */
  constructor(table, on) {
    this.#table = table;
    this.#onChoose = on.onChoose;
    this.#onWhy = on.onWhy;
    /** @type {KeyedRows<SymbolRow>} */
    this.#rows = new KeyedRows(table.tBodies[0], 'No symbols yet.', (row, item) => this.#fill(row, item));
    this.#head([]);
  }

  /** @param {readonly SymbolRow[]} symbols @param {View} view */
  update(symbols, view) {
    this.#view = view;
    const sources = [...new Set(symbols.flatMap((symbol) => symbol.sources.map((source) => source.source)))].slice(
      0,
      8,
    );
    if (sources.join() !== this.#sources.join()) this.#head(sources);
    this.#rows.update(symbols, (symbol) => symbol.symbol);
  }

  /** @param {readonly string[]} sources */
  #head(sources) {
    this.#sources = sources;
    const columns = [
      'Symbol',
      'Last',
      'Desired',
      'Actual',
      ...sources.map(sourceName),
      'Quorum',
      'Unrealized',
      'Runs',
      'Last decision or refusal',
      '',
    ];
    const numeric = new Set(['Last', 'Desired', 'Actual', 'Unrealized', 'Runs', ...sources.map(sourceName)]);
    const cells = columns.map((text) =>
      element('th', { scope: 'col', text, class: numeric.has(text) ? 'number' : '' }),
    );
    this.#table.tHead?.replaceChildren(element('tr', {}, ...cells));
    this.#rows.clear();
  }

  /** @param {HTMLTableRowElement} row @param {SymbolRow} item */
  #fill(row, item) {
    if (row.cells.length === 0) this.#build(row, item);
    const { chosen } = this.#view;
    if (item.symbol === chosen) row.setAttribute('aria-current', 'true');
    else row.removeAttribute('aria-current');
    row.classList.toggle('unmanaged', !item.managed);

    const cells = [...row.cells];
    const next = () => /** @type {HTMLTableCellElement} */ (cells.shift());
    next();
    this.#number(next(), decimal(item.price?.last), item.price?.venueTimeMs ?? null);
    this.#desired(next(), item);
    const { position } = item;
    this.#number(next(), signed(position?.size, decimal), position?.venueTimeMs ?? null, direction(position?.size));
    for (const name of this.#sources) this.#source(next(), item, name);
    const quorum = next().firstElementChild;
    if (quorum instanceof HTMLElement) {
      setText(quorum, item.quorum === null ? 'not yet' : words(item.quorum));
      setData(quorum, 'tone', QUORUM_TONE[item.quorum ?? ''] ?? '');
    }
    this.#number(
      next(),
      signed(position?.unrealizedPnlQuote, money),
      position?.venueTimeMs ?? null,
      direction(position?.unrealizedPnlQuote),
    );
    setText(next(), String(item.liveRuns));
    this.#decision(next(), item);
  }

  /** @param {HTMLTableRowElement} row @param {SymbolRow} item */
  #build(row, item) {
    const choose = element('button', {
      class: 'link',
      type: 'button',
      text: shortSymbol(item.symbol),
      title: `${item.symbol}: show in the chart`,
    });
    choose.addEventListener('click', () => this.#onChoose(item.symbol));
    const why = element('button', {
      class: 'small',
      type: 'button',
      text: 'why',
      label: `Why ${shortSymbol(item.symbol)}`,
    });
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
   * @param {HTMLElement} cell @param {string} text @param {number | null} atMs @param {string} [tone]
   */
  #number(cell, text, atMs, tone = '') {
    const [value, note] = cell.children;
    if (!(value instanceof HTMLElement) || !(note instanceof HTMLElement)) return;
    const ageMs = atMs === null ? 0 : this.#view.nowMs - atMs;
    const stale = atMs !== null && ageMs > this.#view.staleAfterMs;
    cell.classList.toggle('stale', stale);
    value.className = stale ? '' : tone;
    setText(value, text);
    setText(note, stale ? age(ageMs) : '');
  }

  /** @param {HTMLElement} cell @param {SymbolRow} item */
  #desired(cell, item) {
    const { desired } = item;
    const unknown = desired !== null && desired.size === null;
    cell.classList.toggle('unknown', unknown);
    if (unknown) {
      this.#number(cell, 'unknown', desired.atMs);
      cell.title = words(desired.unknownReason ?? 'unknown');
      const note = cell.children[1];
      if (note) setText(note, words(desired.unknownReason ?? ''));
      return;
    }
    cell.title = '';
    this.#number(cell, signed(desired?.size, decimal), desired?.atMs ?? null, direction(desired?.size));
  }

  /** A source always shows its age; one that does not count is grey and says why. @param {HTMLElement} cell @param {SymbolRow} item @param {string} name */
  #source(cell, item, name) {
    const [value, note] = cell.children;
    const source = item.sources.find((candidate) => candidate.source === name);
    if (!value || !note) return;
    const ageMs = source === undefined || source.venueTimeMs === null ? null : this.#view.nowMs - source.venueTimeMs;
    cell.classList.toggle('stale', source?.notCounting !== null || ageMs === null || ageMs > this.#view.staleAfterMs);
    setText(value, source === undefined ? '–' : signed(source.size, decimal));
    const shown = ageMs === null ? '' : age(ageMs);
    const reason = source?.notCounting ? words(source.notCounting) : '';
    setText(note, [shown, reason].filter(Boolean).join(' · '));
  }

  /** @param {HTMLElement} cell @param {SymbolRow} item */
  #decision(cell, item) {
    const [tag, text, note] = cell.children;
    if (!(tag instanceof HTMLElement) || !text || !note) return;
    const decision = item.lastDecision;
    const hold = item.holdReason;
    if (hold !== null) {
      setText(tag, 'HOLD');
      setData(tag, 'tone', 'bad');
      setText(text, hold);
    } else {
      setText(tag, decision === null ? 'none yet' : decision.kind === 'in-sync' ? 'in sync' : words(decision.code));
      setData(tag, 'tone', DECISION_TONE[decision?.kind ?? ''] ?? '');
      setText(text, decision?.message ?? '');
    }
    const times = decision !== null && decision.episodeCount > 1 ? ` · ${decision.episodeCount} times` : '';
    setText(note, decision === null ? '' : `${age(this.#view.nowMs - decision.atMs)} ago${times}`);
  }
}

/** @param {string} source */
const sourceName = (source) => words(source.replace(/^observer:/, ''));
