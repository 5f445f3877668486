// @ts-check
import { ApiRefusal, changeState } from './api-client.js';
import { byId, setData, setText } from './dom.js';

/** @import { PlatformSnapshot } from '../shared/messages/platform-snapshot.ts' */

/** @type {Readonly<Record<string, string>>} */
const TONE = {
  HEALTHY: 'good',
  DEGRADED: 'warn',
  AUDITING: 'warn',
  RECONCILING: 'warn',
  BOOTSTRAPPING: 'warn',
  LOCKED: 'bad',
};

/** States that need no human, or that a human may not cut short. */
const WORKING_BY_ITSELF = ['HEALTHY', 'BOOTSTRAPPING', 'RECONCILING', 'AUDITING'];

/** System state, and the two things a human may do about it. Both ask for a reason, which goes into the audit. */
export class SystemPanel {
  #state = byId('state');
  #reasonLine = byId('state-reason');
  /** @type {HTMLButtonElement} */
  #lock = byId('lock');
  /** @type {HTMLButtonElement} */
  #unlock = byId('unlock');
  /** @type {HTMLDialogElement} */
  #dialog = byId('system-dialog');
  /** @type {HTMLInputElement} */
  #reason = byId('reason');
  /** @type {HTMLSelectElement} */
  #mode = byId('mode');
  /** @type {HTMLButtonElement} */
  #go = byId('system-dialog-go');
  /** @type {PlatformSnapshot['system']} */
  #system = null;
  /** @type {'lock' | 'unlock'} */
  #action = 'lock';
  /** The version that the human looked at when the dialog opened. @type {number | undefined} */
  #seenVersion;

  constructor() {
    this.#lock.addEventListener('click', () => this.#ask('lock'));
    this.#unlock.addEventListener('click', () => this.#ask('unlock'));
    byId('system-dialog-cancel').addEventListener('click', () => this.#dialog.close());
    this.#dialog.querySelector('form')?.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#send();
    });
  }

  /** @param {PlatformSnapshot} snapshot @param {boolean} online */
  update(snapshot, online) {
    const system = snapshot.system;
    this.#system = system;
    const mode = system?.lockMode ? ` · ${system.lockMode}` : '';
    setText(this.#state, `${system?.state ?? 'NO STATE'}${mode}`);
    setData(this.#state, 'tone', TONE[system?.state ?? ''] ?? 'bad');
    const locked = system?.state === 'LOCKED';
    this.#lock.disabled = !online;
    this.#unlock.disabled = !online || system === null || WORKING_BY_ITSELF.includes(system.state);
    this.#reasonLine.hidden = system === null || system.state === 'HEALTHY';
    setData(this.#reasonLine, 'tone', locked ? 'bad' : 'warn');
    setText(this.#reasonLine, system === null ? '' : sentence(system));
  }

  /** @param {'lock' | 'unlock'} action */
  #ask(action) {
    this.#action = action;
    this.#seenVersion = this.#system?.version;
    const title = action === 'lock' ? 'Lock trading' : 'Unlock trading';
    setText(byId('system-dialog-title'), title);
    const why = this.#system === null ? '' : `It is ${this.#system.state}: ${this.#system.reason}`;
    setText(byId('system-dialog-text'), action === 'lock' ? 'Nothing new is opened until a human unlocks.' : why);
    setText(byId('system-dialog-error'), '');
    byId('mode-field').hidden = action !== 'lock';
    setText(this.#go, action === 'lock' ? 'Lock' : 'Unlock');
    this.#go.disabled = false;
    this.#reason.value = '';
    this.#dialog.showModal();
    this.#reason.focus();
  }

  async #send() {
    const reason = this.#reason.value.trim();
    if (reason === '') {
      setText(byId('system-dialog-error'), 'Give a reason.');
      return;
    }
    this.#go.disabled = true;
    const body =
      this.#action === 'lock' ? { mode: this.#mode.value, reason } : { reason, expectedVersion: this.#seenVersion };
    try {
      await changeState(this.#action, body);
      this.#dialog.close();
    } catch (error) {
      setText(byId('system-dialog-error'), error instanceof ApiRefusal ? error.message : String(error));
    } finally {
      this.#go.disabled = false;
    }
  }
}

/** @param {NonNullable<PlatformSnapshot['system']>} system */
function sentence(system) {
  const since = new Date(system.changedAtMs).toISOString().replace('T', ' ').slice(0, 19);
  const missing = system.missing.map((item) => item.message).join('; ');
  const waiting = missing === '' ? '' : ` Waiting for: ${missing}.`;
  return `${system.state}: ${system.reason} (by ${system.changedBy}, ${since} UTC).${waiting}`;
}
