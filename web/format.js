// @ts-check
/** Numbers come as decimal text and are shown as such; only signs and ages are computed. */

const MISSING = '–';

/** `1234567.8900` → `1,234,567.89`. @param {string | null | undefined} text @param {number} [maxDecimals] */
export function decimal(text, maxDecimals = 8) {
  if (text === null || text === undefined) return MISSING;
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) return text.slice(0, 24);
  const [, sign = '', whole = '', fraction = ''] = match;
  const shown = fraction.slice(0, maxDecimals).replace(/0+$/, '');
  return `${sign === '-' ? '−' : ''}${whole.replace(/\B(?=(\d{3})+$)/g, ',')}${shown === '' ? '' : `.${shown}`}`;
}

/** Money with two decimals, rounded. @param {string | null | undefined} text */
export function money(text) {
  if (text === null || text === undefined) return MISSING;
  const value = Number(text);
  if (!Number.isFinite(value)) return MISSING;
  const shown = Math.abs(value).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return `${value < 0 && Number(shown.replaceAll(',', '')) !== 0 ? '−' : ''}${shown}`;
}

/** With its sign, for profit and positions. @param {string | null | undefined} text @param {(t: string | null | undefined) => string} show */
export function signed(text, show) {
  const shown = show(text);
  return text !== null && text !== undefined && Number(text) > 0 ? `+${shown}` : shown;
}

/** `12s`, `3m 05s`, `2h 10m`, `4d 3h`; an age from the future says so. @param {number} ageMs @returns {string} */
export function age(ageMs) {
  if (ageMs < -1999) return `in ${age(-ageMs)}`;
  const seconds = Math.max(0, Math.floor(ageMs / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${String(seconds % 60).padStart(2, '0')}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h ${String(minutes % 60).padStart(2, '0')}m`;
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** `BTC/USDC:USDC` → `BTC`. @param {string} symbol */
export const shortSymbol = (symbol) => symbol.split('/')[0] ?? symbol;

/** `before-settlement` → `before settlement`. @param {string} code */
export const words = (code) => code.replaceAll('-', ' ');

/** Class for the colour of a number. @param {string | null | undefined} text */
export const direction = (text) => (Number(text ?? 0) > 0 ? 'up' : Number(text ?? 0) < 0 ? 'down' : '');
