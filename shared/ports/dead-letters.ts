/** Poison records with their payload, after bounded retries. S3 on AWS, a table locally. */
export interface DeadLetters {
  store(letter: {
    readonly source: string;
    readonly recordId: string;
    readonly error: string;
    readonly payload: string;
    readonly attempts: number;
  }): Promise<void>;
}
