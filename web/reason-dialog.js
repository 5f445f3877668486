// @ts-check
import { ApiRefusal } from './api-client.js';
import { byId, setText } from './dom.js';

/**
 * @typedef {object} Question
 * @property {string} title
 * @property {string} text What will happen.
 * @property {string} go Label of the button that does it.
 * @property {boolean} [modes] Whether to ask which lock.
 * @property {(reason: string, mode: string) => Promise<unknown>} send
 */

/** Asks for the reason of something that a human does, which goes into the audit, and shows a refusal in its own words. */
export class ReasonDialog {
  /** @type {HTMLDialogElement} */
  #dialog = byId('system-dialog');
  /** @type {HTMLInputElement} */
  #reason = byId('reason');
  /** @type {HTMLSelectElement} */
  #mode = byId('mode');
  /** @type {HTMLButtonElement} */
  #go = byId('system-dialog-go');
  /** @type {Question | null} */
  #question = null;

  constructor() {
    byId('system-dialog-cancel').addEventListener('click', () => this.#dialog.close());
    this.#dialog.querySelector('form')?.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#send();
    });
  }

  /** @param {Question} question */
  ask(question) {
    this.#question = question;
    setText(byId('system-dialog-title'), question.title);
    setText(byId('system-dialog-text'), question.text);
    setText(byId('system-dialog-error'), '');
    byId('mode-field').hidden = question.modes !== true;
    setText(this.#go, question.go);
    this.#go.disabled = false;
    this.#reason.value = '';
    this.#dialog.showModal();
    this.#reason.focus();
  }

  async #send() {
    const reason = this.#reason.value.trim();
    if (reason === '' || this.#question === null) {
      setText(byId('system-dialog-error'), 'Give a reason.');
      return;
    }
    this.#go.disabled = true;
    try {
      await this.#question.send(reason, this.#mode.value);
      this.#dialog.close();
    } catch (error) {
      setText(byId('system-dialog-error'), error instanceof ApiRefusal ? error.message : String(error));
    } finally {
      this.#go.disabled = false;
    }
  }
}
