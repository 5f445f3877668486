/** One thing wrong with the settings, in words a human can act on. */
export interface ConfigProblem {
  /** Dotted: `quorum.max_age_s`, `exchanges.main.accounts.0.address`. Empty for a whole file. */
  readonly path: string;
  /** The value as written, shortened; `(hidden)` where the key's name says secret; null when it is missing. */
  readonly value: string | null;
  readonly expected: string;
  /** The nearest key that exists, for a key that does not. */
  readonly nearest: string | null;
  /** File and line, `--config`, or null when nothing wrote the key. */
  readonly where: string | null;
}

/** Everything wrong at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];
  constructor(problems: readonly ConfigProblem[]) {
    super([`${problems.length} problem(s) in the settings:`, ...problems.map(problemLine)].join('\n'));
    this.problems = problems;
  }
}

/** `  quorum.max_age_s = 60 (config/live.yaml:12): expected at least 120` */
export function problemLine(problem: ConfigProblem): string {
  const value = problem.value === null ? '' : ` = ${problem.value}`;
  const where = problem.where === null ? '' : ` (${problem.where})`;
  const nearest = problem.nearest === null ? '' : `; did you mean ${problem.nearest}?`;
  return `  ${problem.path === '' ? 'settings' : problem.path}${value}${where}: ${problem.expected}${nearest}`;
}

const SECRET_WORD = /(private|secret|password|passphrase|token|mnemonic|api_?key|agent_key)$/i;

/** A value as text for a problem. Somebody may have written a key into the wrong file: nothing that looks like one is shown. */
export function shownValue(path: string, value: unknown): string | null {
  if (value === undefined) return null;
  if (SECRET_WORD.test(path.replace(/\.\d+$/, ''))) return '(hidden)';
  const text = typeof value === 'string' ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value));
  if (/(?:0x)?[0-9a-fA-F]{64}/.test(text)) return '(hidden)';
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
