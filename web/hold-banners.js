// @ts-check
import { changeState } from './api-client.js';
import { element } from './dom.js';
import { decimal, shortSymbol, signed } from './format.js';

/** @import { SymbolSnapshot } from '../shared/messages/platform-snapshot.ts' */
/** @import { ReasonDialog } from './reason-dialog.js' */

/** @type {readonly { action: 'adopt' | 'release' | 'flatten', go: string, text: string }[]} */
const ANSWERS = [
  {
    action: 'adopt',
    go: 'Adopt',
    text: 'The position as it is becomes 3T’s: it may be increased, reduced and closed.',
  },
  {
    action: 'release',
    go: 'Release',
    text: 'The position is yours: 3T leaves the symbol alone until it is added again.',
  },
  {
    action: 'flatten',
    go: 'Flatten',
    text: 'The position is closed at the market, and the symbol is managed no more.',
  },
];

/** A position that is not 3T's is not even closed. @param {string | null} hold */
const waits = (hold) => (hold === 'position-not-ours' ? 'Nothing is traded here' : 'Nothing is opened here');

/** One banner for each symbol that waits for a human, with what a human may answer. */
export class HoldBanners {
  #place;
  #dialog;
  #shown = '';

  /** @param {HTMLElement} place @param {ReasonDialog} dialog */
  constructor(place, dialog) {
    this.#place = place;
    this.#dialog = dialog;
  }

  /** @param {readonly SymbolSnapshot[]} symbols @param {boolean} online */
  update(symbols, online) {
    const held = symbols.filter(({ hold }) => hold !== null);
    const key = JSON.stringify([online, held.map(({ symbol, hold, actual }) => [symbol, hold, actual?.size])]);
    // Built anew only when something changed: a button that somebody is about to press stays where it is.
    if (key === this.#shown) return;
    this.#shown = key;
    this.#place.replaceChildren(...held.map((item) => this.#banner(item, online)));
  }

  /** @param {SymbolSnapshot} item @param {boolean} online */
  #banner({ symbol, hold, actual }, online) {
    const name = shortSymbol(symbol);
    const position = actual === null ? 'position unknown' : `position ${signed(actual.size, decimal)}`;
    const buttons = ANSWERS.map(({ action, go, text }) => {
      const button = element('button', { type: 'button', text: go, label: `${go} ${name}` });
      button.disabled = !online;
      button.addEventListener('click', () =>
        this.#dialog.ask({
          title: `${go} ${name}`,
          text: `${text} On HOLD: ${hold}; ${position}.`,
          go,
          send: (reason) => changeState(action, { symbol, reason }),
        }),
      );
      return button;
    });
    return element(
      'div',
      { class: 'banner' },
      element('strong', { text: `HOLD ${name}` }),
      element('span', { class: 'banner-text', text: `${hold}; ${position}. ${waits(hold)} until you decide.` }),
      ...buttons,
    );
  }
}
