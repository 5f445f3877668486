import {
  closeSync,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Clock, TimerHandle } from '#shared/ports/clock.ts';

export interface LogFileOptions {
  /** The file being written: `<dir>/platform.jsonl`; older ones are `platform.1.jsonl` (newest) and up. */
  readonly path: string;
  readonly clock: Clock;
  /** The next file starts before this one would pass it. */
  readonly maxBytes: number;
  /** Files kept, the current one included. */
  readonly maxFiles: number;
  /** Lines waiting for the disk; the oldest are dropped beyond it. */
  readonly maxBufferedLines: number;
  /** Lines wait at most this long. */
  readonly flushAfterMs?: number;
}

const FLUSH_AFTER_MS = 200;
const FLUSH_AT_CHARS = 65_536;
const FILE_MODE = 0o600;

/** Appends lines to a file that turns over by size. A full or missing disk loses lines, counted, and nothing else. */
export class LogFile {
  readonly #options: LogFileOptions;
  readonly #buffer: string[] = [];
  #bufferedChars = 0;
  #timer: TimerHandle | null = null;
  #descriptor: number | null = null;
  #bytes = 0;
  #dropped = 0;

  constructor(options: LogFileOptions) {
    this.#options = options;
  }

  /** Lines lost so far. */
  get droppedLines(): number {
    return this.#dropped;
  }

  write(line: string): void {
    this.#buffer.push(line);
    this.#bufferedChars += line.length;
    while (this.#buffer.length > this.#options.maxBufferedLines) this.#drop();
    if (this.#bufferedChars >= FLUSH_AT_CHARS) this.flush();
    else this.#flushLater();
  }

  /** Writes what waits; what the disk refuses stays for the next time. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = null;
    try {
      while (this.#buffer.length > 0) this.#writeSome();
    } catch {
      this.#close();
      this.#flushLater();
    }
  }

  close(): void {
    this.flush();
    this.#timer?.cancel();
    this.#timer = null;
    this.#close();
  }

  /** One write of as many whole lines as the current file takes. */
  #writeSome(): void {
    const { maxBytes } = this.#options;
    const descriptor = this.#open();
    let lines = 0;
    let bytes = 0;
    for (const line of this.#buffer) {
      const next = Buffer.byteLength(line) + 1;
      // A file takes at least one line, however long it is.
      if (this.#bytes + bytes + next > maxBytes && this.#bytes + bytes > 0) break;
      lines += 1;
      bytes += next;
    }
    if (lines === 0) {
      this.#turnOver();
      return;
    }
    const text = Buffer.from(`${this.#buffer.slice(0, lines).join('\n')}\n`);
    try {
      let written = 0;
      while (written < text.length) written += writeSync(descriptor, text, written);
    } catch (error) {
      // A full disk may have taken half a line; all of them come again.
      ftruncateSync(descriptor, this.#bytes);
      throw error;
    }
    this.#bytes += bytes;
    for (const line of this.#buffer.splice(0, lines)) this.#bufferedChars -= line.length;
  }

  #open(): number {
    if (this.#descriptor !== null) return this.#descriptor;
    mkdirSync(dirname(this.#options.path), { recursive: true, mode: 0o700 });
    const descriptor = openSync(this.#options.path, 'a', FILE_MODE);
    // One that an earlier release or another tool made keeps its mode otherwise.
    fchmodSync(descriptor, FILE_MODE);
    this.#descriptor = descriptor;
    this.#bytes = fstatSync(descriptor).size;
    return descriptor;
  }

  #turnOver(): void {
    this.#close();
    const { path, maxFiles } = this.#options;
    rmSync(rotatedPath(path, maxFiles - 1), { force: true });
    for (let n = maxFiles - 2; n >= 0; n -= 1) {
      try {
        renameSync(rotatedPath(path, n), rotatedPath(path, n + 1));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
  }

  #close(): void {
    if (this.#descriptor === null) return;
    try {
      closeSync(this.#descriptor);
    } catch {
      // The descriptor is gone either way.
    }
    this.#descriptor = null;
  }

  #flushLater(): void {
    this.#timer ??= this.#options.clock.setTimer(this.#options.flushAfterMs ?? FLUSH_AFTER_MS, () => this.flush());
  }

  #drop(): void {
    const line = this.#buffer.shift();
    this.#bufferedChars -= line?.length ?? 0;
    this.#dropped += 1;
  }
}

/** `platform.jsonl`, 2 → `platform.2.jsonl`; 0 is the current file. */
export const rotatedPath = (path: string, n: number): string =>
  n === 0 ? path : path.replace(/(\.[^.]+)$/, `.${n}$1`);
