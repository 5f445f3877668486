/** A coded refusal with its numbers: an expected outcome, never an exception. */
export interface Refusal<Code extends string = string> {
  readonly code: Code;
  /** One sentence for a human, without secrets. */
  readonly message: string;
  readonly numbers: Readonly<Record<string, string | number | boolean | null>>;
}

export const refusal = <Code extends string>(
  code: Code,
  message: string,
  numbers: Refusal['numbers'] = {},
): Refusal<Code> => ({ code, message, numbers });
