import { closeSync, openSync, readSync } from 'node:fs';

export interface Line {
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** Byte offset of the line that follows: where a later reader goes on. */
  readonly nextOffset: number;
  /** The line was longer than the limit; `text` is its beginning. */
  readonly truncated: boolean;
}

const CHUNK_BYTES = 65_536;
const MAX_LINE_BYTES = 4_096;

/**
 * Lines of a text file, synchronously and 64 KiB at a time, so that a replay is deterministic and a file of any length
 * needs the same memory. Accepts CRLF and a missing last line end; a byte order mark is dropped.
 */
export class LineReader {
  readonly #fd: number;
  readonly #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  #filled = 0;
  #position = 0;
  #offset: number;
  #number: number;

  constructor(path: string, at: { offset: number; number: number } = { offset: 0, number: 0 }) {
    this.#fd = openSync(path, 'r');
    this.#offset = at.offset;
    this.#number = at.number;
  }

  next(): Line | null {
    const parts: Buffer[] = [];
    let length = 0;
    let consumed = 0;
    for (;;) {
      if (this.#position >= this.#filled && !this.#fill(consumed)) {
        if (consumed === 0) return null;
        break;
      }
      const end = this.#chunk.indexOf(0x0a, this.#position);
      const stop = end === -1 || end >= this.#filled ? this.#filled : end;
      if (length < MAX_LINE_BYTES) parts.push(Buffer.from(this.#chunk.subarray(this.#position, stop)));
      length += stop - this.#position;
      consumed += stop - this.#position;
      this.#position = stop;
      if (stop < this.#filled) {
        this.#position += 1;
        consumed += 1;
        break;
      }
    }
    this.#offset += consumed;
    this.#number += 1;
    let text = Buffer.concat(parts).subarray(0, MAX_LINE_BYTES).toString('utf8');
    if (text.endsWith('\r')) text = text.slice(0, -1);
    if (this.#number === 1 && text.startsWith('\uFEFF')) text = text.slice(1);
    return { text, number: this.#number, nextOffset: this.#offset, truncated: length > MAX_LINE_BYTES };
  }

  close(): void {
    closeSync(this.#fd);
  }

  #fill(consumedOfLine: number): boolean {
    this.#filled = readSync(this.#fd, this.#chunk, 0, CHUNK_BYTES, this.#offset + consumedOfLine);
    this.#position = 0;
    return this.#filled > 0;
  }
}
