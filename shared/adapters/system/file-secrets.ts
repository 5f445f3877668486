import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { SecretError, type Secrets } from '#shared/ports/secrets.ts';

const FILE = 'secrets.yml';
const EXAMPLE = 'secrets.yml.example';
const MAX_FILE_BYTES = 65_536;
const MAX_VALUE_CHARS = 4096;

export interface FileSecretsOptions {
  /** Folder of secrets.yml: the project. */
  readonly dir: string;
  /** Reads secrets.yml.example when there is no secrets.yml. Only for an exchange of kind simulator. */
  readonly allowExample: boolean;
  /** Told each value that is handed out, so that a logger can blot it out. */
  readonly onRead?: (value: string) => void;
}

/**
 * Secrets from secrets.yml: nested YAML, asked for by dotted name. The file is read at each `get`, so a changed key needs
 * no restart, and refused unless only its owner may touch it. No message holds any part of a value.
 */
export class FileSecrets implements Secrets {
  readonly #options: FileSecretsOptions;

  constructor(options: FileSecretsOptions) {
    this.#options = options;
  }

  async get(name: string): Promise<string> {
    const { tree, file } = this.#read(name);
    let node: unknown = tree;
    for (const key of name.split('.')) {
      node = typeof node === 'object' && node !== null && Object.hasOwn(node, key) ? Reflect.get(node, key) : undefined;
    }
    if (node === undefined || node === null)
      throw new SecretError(name, `missing in ${file}; ${EXAMPLE} shows its place`);
    if (typeof node !== 'string') throw new SecretError(name, `expected text in quotes in ${file}`);
    const value = node.trim();
    if (value === '' || value.length > MAX_VALUE_CHARS) {
      throw new SecretError(name, `expected 1 to ${MAX_VALUE_CHARS} characters in ${file}`);
    }
    this.#options.onRead?.(value);
    return value;
  }

  /**
   * Reads every name and throws one error that lists all that cannot be had, for `doctor` and start-up. `problemOf` says what is wrong
   * with a value, in words that hold no part of it.
   */
  async check(names: readonly string[], problemOf: (value: string) => string | null = () => null): Promise<void> {
    const failures: SecretError[] = [];
    for (const name of names) {
      try {
        const problem = problemOf(await this.get(name));
        if (problem !== null) failures.push(new SecretError(name, problem));
      } catch (error) {
        if (!(error instanceof SecretError)) throw error;
        failures.push(error);
      }
    }
    const [first] = failures;
    if (first === undefined) return;
    if (failures.length === 1) throw first;
    const list = failures.map((failure) => `  ${failure.message}`).join('\n');
    throw new SecretError(failures.map((failure) => failure.secretName).join(', '), `not usable:\n${list}`);
  }

  #read(name: string): { tree: unknown; file: string } {
    const own = readOwn(join(this.#options.dir, FILE), name);
    if (own !== null) return { tree: parse(own, FILE, name), file: FILE };
    if (!this.#options.allowExample) {
      throw new SecretError(
        name,
        `there is no ${FILE}; run: cp ${EXAMPLE} ${FILE} && chmod 600 ${FILE}, then put it in`,
      );
    }
    const example = readText(join(this.#options.dir, EXAMPLE), EXAMPLE, name, false);
    if (example === null) throw new SecretError(name, `there is neither ${FILE} nor ${EXAMPLE}`);
    return { tree: parse(example, EXAMPLE, name), file: EXAMPLE };
  }
}

const readOwn = (path: string, name: string): string | null => readText(path, FILE, name, true);

/** Null when the file does not exist. The mode is read from the open file, so that it cannot change in between. */
function readText(path: string, file: string, name: string, ownerOnly: boolean): string | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new SecretError(name, `${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  try {
    const { mode, size } = fstatSync(descriptor);
    // Windows has no such bits; its files answer 0666 whatever their rights.
    if (ownerOnly && process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new SecretError(name, `others may read ${file}; run: chmod 600 ${path}`);
    }
    if (size > MAX_FILE_BYTES) throw new SecretError(name, `${file} is larger than ${MAX_FILE_BYTES} bytes`);
    return readFileSync(descriptor, 'utf8');
  } catch (error) {
    if (error instanceof SecretError) throw error;
    throw new SecretError(name, `${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  } finally {
    closeSync(descriptor);
  }
}

/** The parser's own messages quote the text, so only the place of the first error is told. */
function parse(text: string, file: string, name: string): unknown {
  const document = parseDocument(text, { prettyErrors: false, logLevel: 'error', uniqueKeys: true });
  const [problem] = document.errors;
  if (problem !== undefined) {
    const line = text.slice(0, problem.pos[0]).split('\n').length;
    throw new SecretError(name, `${file} is not valid YAML at line ${line}`);
  }
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch {
    throw new SecretError(name, `${file} is not valid YAML; aliases are not allowed`);
  }
}
