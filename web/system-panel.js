// @ts-check
import { changeState } from './api-client.js';
import { byId, setData, setText } from './dom.js';

/** @import { PlatformSnapshot } from '../shared/messages/platform-snapshot.ts' */
/** @import { ConnectionState } from './live-connection.js' */
/** @import { ReasonDialog } from './reason-dialog.js' */

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
  #dialog;
  /** @type {PlatformSnapshot['system']} */
  #system = null;

  /** @param {ReasonDialog} dialog */
  constructor(dialog) {
    this.#dialog = dialog;
    this.#lock.addEventListener('click', () => this.#askToLock());
    this.#unlock.addEventListener('click', () => this.#askToUnlock());
  }

  /** @param {PlatformSnapshot} snapshot @param {ConnectionState} connection */
  update(snapshot, connection) {
    const system = snapshot.system;
    this.#system = system;
    const online = connection !== 'offline';
    const problems = problemsOf(snapshot);
    const word = stateWord(snapshot, connection);
    const mode = online && system?.lockMode ? ` · ${system.lockMode}` : '';
    setText(this.#state, `${word}${mode}`);
    const isWell = problems.length === 0 || system?.state !== 'HEALTHY';
    setData(this.#state, 'tone', online ? (isWell ? (TONE[system?.state ?? ''] ?? 'bad') : 'warn') : 'bad');
    const locked = system?.state === 'LOCKED';
    this.#lock.disabled = !online;
    this.#unlock.disabled = !online || system === null || WORKING_BY_ITSELF.includes(system.state);
    const words = [system === null || system.state === 'HEALTHY' ? '' : sentence(system), ...problems];
    const text = words.filter(Boolean).join(' ');
    this.#reasonLine.hidden = text === '';
    setData(this.#reasonLine, 'tone', locked ? 'bad' : 'warn');
    setText(this.#reasonLine, text);
  }

  #askToLock() {
    this.#dialog.ask({
      title: 'Lock trading',
      text: 'Nothing new is opened until a human unlocks.',
      go: 'Lock',
      modes: true,
      send: (reason, mode) => changeState('lock', { mode, reason }),
    });
  }

  #askToUnlock() {
    // The version that the human looked at when the dialog opened.
    const expectedVersion = this.#system?.version;
    this.#dialog.ask({
      title: 'Unlock trading',
      text: this.#system === null ? '' : `It is ${this.#system.state}: ${this.#system.reason}`,
      go: 'Unlock',
      send: (reason) => changeState('unlock', { reason, expectedVersion }),
    });
  }
}

/**
 * The state as one word for pill and tab title: a platform that is not heard of, or that refuses everything, is not healthy.
 * @param {PlatformSnapshot} snapshot @param {ConnectionState} connection
 */
export function stateWord({ system, readiness }, connection) {
  if (connection === 'offline') return 'OFFLINE';
  if (system === null) return 'NO STATE';
  return system.state === 'HEALTHY' && readiness?.ready === false ? 'NOT READY' : system.state;
}

/** What `/ready` finds wrong beside the state, in words. @param {PlatformSnapshot} snapshot */
const problemsOf = ({ readiness }) =>
  (readiness?.checks ?? []).flatMap(({ check, ok, problem }) =>
    check === 'state' || problem === null ? [] : [`${ok ? 'In part' : 'Not ready'}, ${check}: ${problem}.`],
  );

/** @param {NonNullable<PlatformSnapshot['system']>} system */
function sentence(system) {
  const since = new Date(system.changedAtMs).toISOString().replace('T', ' ').slice(0, 19);
  const missing = system.missing.map((item) => item.message).join('; ');
  const waiting = missing === '' ? '' : ` Waiting for: ${missing}.`;
  return `${system.state}: ${system.reason} (by ${system.changedBy}, ${since} UTC).${waiting}`;
}
