// @ts-check
import { ApiRefusal, fetchWhy } from './api-client.js';
import { byId, element, setText } from './dom.js';
import { shortSymbol, words } from './format.js';

const DEPTH_MAX = 7;
const ITEMS_MAX = 200;

/** The rows behind a decision or an order, as the platform stored them. */
export class WhyDialog {
  /** @type {HTMLDialogElement} */
  #dialog = byId('why-dialog');
  #body = byId('why-body');
  #asked = '';

  /** @param {string} subject A symbol or an order id. */
  async open(subject) {
    this.#asked = subject;
    setText(byId('why-title'), `Why ${subject.startsWith('0x') ? `order ${subject.slice(-8)}` : shortSymbol(subject)}`);
    this.#body.replaceChildren(element('p', { class: 'note', text: 'asking …' }));
    if (!this.#dialog.open) this.#dialog.showModal();
    const shown = await fetchWhy(subject).then(explanation, (error) => [
      element('p', { class: 'error', text: error instanceof ApiRefusal ? error.message : String(error) }),
    ]);
    if (this.#asked === subject) this.#body.replaceChildren(...shown);
  }
}

/** The sections in words, then the stored rows themselves. @param {unknown} answer @returns {Node[]} */
function explanation(answer) {
  if (typeof answer !== 'object' || answer === null) return [element('p', { text: 'no answer' })];
  const { nowMs: _now, symbol: _symbol, sections, ...rows } = /** @type {Record<string, unknown>} */ (answer);
  const inWords = (Array.isArray(sections) ? sections : []).flatMap((section) => [
    element('h3', { text: String(section?.title ?? '') }),
    ...(Array.isArray(section?.lines) ? section.lines : []).map((/** @type {unknown} */ line) =>
      element('p', { text: String(line) }),
    ),
  ]);
  const stored = Object.entries(rows)
    .filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) =>
      element('details', {}, element('summary', { text: `stored ${label(name)}` }), tree(value, 0)),
    );
  return [...inWords, ...stored];
}

/** @param {unknown} value @param {number} depth @returns {Node} */
function tree(value, depth) {
  if (value === null || value === undefined) return element('span', { text: '–' });
  if (typeof value !== 'object') return element('span', { text: leaf(value) });
  const entries = Object.entries(value).slice(0, ITEMS_MAX);
  if (entries.length === 0) return element('span', { text: 'none' });
  if (depth >= DEPTH_MAX) return element('span', { text: '…' });
  return element(
    'dl',
    {},
    ...entries.flatMap(([name, inner]) => [
      element('dt', { text: Array.isArray(value) ? String(Number(name) + 1) : label(name) }),
      element('dd', { text: timeText(name, inner) }, ...(timeText(name, inner) ? [] : [tree(inner, depth + 1)])),
    ]),
  );
}

/** Times are shown as times. @param {string} name @param {unknown} value */
const timeText = (name, value) =>
  /AtMs$|TimeMs$/.test(name) && typeof value === 'number' && value > 1e11 ? new Date(value).toISOString() : '';

/** @param {unknown} value */
const leaf = (value) => (typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value));

/** `minTradeQuote` → `min trade quote`. @param {string} name */
const label = (name) => words(name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').replaceAll('_', '-')).toLowerCase();
