// @ts-check
import { fetchAlerts } from './api-client.js';
import { byId, element, KeyedRows, setData, setText } from './dom.js';
import { age, shortSymbol, words } from './format.js';

/** @import { Alert } from './api-client.js' */

const SHOWN = 50;

/** Alerts, newest first; one row an episode. */
export class AlertsTable {
  #rows;
  #nowMs = 0;
  #note = byId('alerts-note');

  /** @param {HTMLTableElement} table */
  constructor(table) {
    /** @type {KeyedRows<Alert>} */
    this.#rows = new KeyedRows(table.tBodies[0], 'No alerts.', (row, alert) => this.#fill(row, alert));
  }

  async refresh() {
    const answer = await fetchAlerts(SHOWN).catch(() => null);
    if (answer === null) return;
    this.#nowMs = answer.nowMs;
    this.#rows.update(answer.alerts, (alert) => alert.id);
    setText(this.#note, answer.alerts.length === SHOWN ? `newest ${SHOWN}` : '');
  }

  /** @param {HTMLTableRowElement} row @param {Alert} alert */
  #fill(row, alert) {
    if (row.cells.length === 0) {
      row.append(
        element('td'),
        element('td', {}, element('span', { class: 'tag' })),
        element('td', { text: words(alert.kind) }),
        element('td', { text: alert.symbol === null ? '' : shortSymbol(alert.symbol), title: alert.symbol ?? '' }),
        element('td', { class: 'words' }),
        element('td', { class: 'number' }),
        element('td'),
      );
    }
    const cells = row.cells;
    setText(cells[0], `${age(this.#nowMs - alert.lastAtMs)} ago`);
    const severity = cells[1].firstElementChild;
    if (severity instanceof HTMLElement) {
      setText(severity, alert.severity);
      setData(severity, 'tone', alert.severity === 'critical' ? 'bad' : 'warn');
    }
    setText(cells[4], alert.message);
    setText(cells[5], String(alert.count));
    setText(cells[6], new Date(alert.firstAtMs).toISOString().replace('T', ' ').slice(0, 19));
  }
}
