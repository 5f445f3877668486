export const HIDDEN = '(hidden)';

const SECRET_KEY =
  /(private_?key|secret|password|passphrase|token|authorization|mnemonic|cookie|agent_?key|api_?key|credential)/i;
/** Shorter values would blot out ordinary words. */
const SECRET_MIN_CHARS = 6;
const SECRETS_MAX = 1000;

const DEPTH_MAX = 6;
const ITEMS_MAX = 100;
const TEXT_MAX_CHARS = 4000;
const STACK_LINES_MAX = 12;

/** Turns anything into bounded, JSON-safe text without secrets: by name of the key, and by registered value. Never throws. */
export class Redactor {
  readonly #secrets = new Set<string>();
  #pattern: RegExp | null = null;

  /** From now on this value is blotted out wherever it stands, in any letter case, with or without `0x`. */
  addSecret(value: string): void {
    const bare = value.trim().replace(/^0x/i, '');
    if (bare.length < SECRET_MIN_CHARS || this.#secrets.has(bare) || this.#secrets.size >= SECRETS_MAX) return;
    this.#secrets.add(bare);
    // As it stands, and as JSON would write it.
    const forms = [...this.#secrets].flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]);
    const longestFirst = [...new Set(forms)].sort((a, b) => b.length - a.length);
    this.#pattern = new RegExp(`(?:0x)?(?:${longestFirst.map(escapeRegExp).join('|')})`, 'gi');
  }

  text(text: string): string {
    return this.#pattern === null ? text : text.replace(this.#pattern, HIDDEN);
  }

  /** JSON of `value`; what cannot be shown is said so in its place. */
  json(value: unknown): string {
    return this.text(JSON.stringify(this.#plain(value, 0, new Set())) ?? 'null');
  }

  #plain(value: unknown, depth: number, above: Set<object>): unknown {
    if (typeof value === 'string') return shortened(value);
    if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
    if (typeof value === 'boolean' || value === null || value === undefined) return value;
    if (typeof value === 'bigint') return value.toString();
    if (typeof value !== 'object') return `(${typeof value})`;
    if (above.has(value)) return '(circular)';
    if (depth >= DEPTH_MAX) return '(too deep)';
    above.add(value);
    try {
      return this.#plainObject(value, depth, above);
    } catch {
      return '(unreadable)';
    } finally {
      above.delete(value);
    }
  }

  #plainObject(value: object, depth: number, above: Set<object>): unknown {
    if (value instanceof Error) return this.#plain(errorFields(value), depth, above);
    if (value instanceof Map) return this.#plain(Object.fromEntries(value), depth, above);
    if (value instanceof Set) return this.#plain([...value], depth, above);
    if ('toJSON' in value && typeof value.toJSON === 'function') return this.#plain(value.toJSON(), depth + 1, above);
    if (Array.isArray(value)) {
      const items = value.slice(0, ITEMS_MAX).map((item) => this.#plain(item, depth + 1, above));
      return value.length > ITEMS_MAX ? [...items, `(${value.length - ITEMS_MAX} more)`] : items;
    }
    if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`;
    const entries = Object.entries(value);
    const shown = entries
      .slice(0, ITEMS_MAX)
      .map(([key, inner]): [string, unknown] => [
        key,
        SECRET_KEY.test(key) && inner !== null && inner !== undefined ? HIDDEN : this.#plain(inner, depth + 1, above),
      ]);
    if (entries.length > ITEMS_MAX) shown.push(['(more)', entries.length - ITEMS_MAX]);
    return Object.fromEntries(shown);
  }
}

function errorFields(error: Error): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  return {
    ...Object.fromEntries(Object.entries(error)),
    name,
    message,
    stack: stack
      ?.split('\n')
      .slice(1, STACK_LINES_MAX)
      .map((line) => line.trim()),
    ...(cause === undefined ? {} : { cause }),
  };
}

const shortened = (text: string): string =>
  text.length > TEXT_MAX_CHARS ? `${text.slice(0, TEXT_MAX_CHARS)}(${text.length - TEXT_MAX_CHARS} more)` : text;

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
