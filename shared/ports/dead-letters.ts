/** Records and rows that nobody can read, with their payload. */
export interface DeadLetters {
  /** Which of these records of the source are stored. One statement. */
  known(source: string, recordIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** One record is stored once: a repeat replaces its error and its attempts. */
  store(letter: {
    readonly source: string;
    readonly recordId: string;
    readonly error: string;
    readonly payload: string;
    readonly attempts: number;
  }): Promise<void>;
}
