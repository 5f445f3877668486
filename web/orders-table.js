// @ts-check
import { element, KeyedRows, setData, setText } from './dom.js';
import { age, decimal, shortSymbol, words } from './format.js';

/** @import { PlatformSnapshot } from '../shared/messages/platform-snapshot.ts' */
/** @typedef {PlatformSnapshot['orders'][number]} OrderRow */

/** @type {Readonly<Record<string, string>>} */
const TONE = {
  filled: 'good',
  open: 'info',
  'partially-filled': 'info',
  sending: 'info',
  intent: 'info',
  unknown: 'bad',
  rejected: 'warn',
  expired: 'warn',
  cancelled: '',
};

/** Orders, newest first, with their state and what went wrong. */
export class OrdersTable {
  #rows;
  #onWhy;
  #nowMs = 0;

  /** @param {HTMLTableElement} table @param {(orderId: string) => void} onWhy */
  constructor(table, onWhy) {
    this.#onWhy = onWhy;
    /** @type {KeyedRows<OrderRow>} */
    this.#rows = new KeyedRows(table.tBodies[0], 'No orders yet.', (row, order) => this.#fill(row, order));
  }

  /** @param {readonly OrderRow[]} orders @param {number} nowMs */
  update(orders, nowMs) {
    this.#nowMs = nowMs;
    this.#rows.update(orders, (order) => order.clientOrderId);
  }

  /** @param {HTMLTableRowElement} row @param {OrderRow} order */
  #fill(row, order) {
    if (row.cells.length === 0) this.#build(row, order);
    const cells = row.cells;
    setText(cells[0], age(this.#nowMs - order.createdAtMs));
    cells[0].title = new Date(order.createdAtMs).toISOString();
    setText(cells[5], decimal(order.filledSize));
    setText(cells[7], decimal(order.averagePrice));
    const state = cells[8].firstElementChild;
    if (state instanceof HTMLElement) {
      setText(state, words(order.status));
      setData(state, 'tone', TONE[order.status] ?? '');
    }
    const code = order.errorCode === null ? '' : words(order.errorCode);
    setText(cells[9], [code, order.errorMessage ?? ''].filter(Boolean).join(': '));
  }

  /** What never changes about an order. @param {HTMLTableRowElement} row @param {OrderRow} order */
  #build(row, order) {
    const why = element('button', {
      class: 'small',
      type: 'button',
      text: 'why',
      label: `Why order ${order.clientOrderId.slice(-8)}`,
    });
    why.addEventListener('click', () => this.#onWhy(order.clientOrderId));
    row.append(
      element('td'),
      element('td', { text: shortSymbol(order.symbol), title: order.symbol }),
      element('td', { text: order.side, class: order.side === 'buy' ? 'up' : 'down' }),
      element('td', { text: order.orderClass }),
      element('td', { text: decimal(order.size), class: 'number' }),
      element('td', { class: 'number' }),
      element('td', { text: decimal(order.limitPrice), class: 'number' }),
      element('td', { class: 'number' }),
      element('td', {}, element('span', { class: 'tag' })),
      element('td', { class: 'words' }),
      element('td', {}, why),
    );
    row.title = order.clientOrderId;
  }
}
