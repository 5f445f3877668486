/** A broken promise of our own code. Never caught except at the edge of a process. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Throws {@link AssertionError} when `condition` is false: use it for bugs, never for bad input. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Compile-time proof that a union is exhausted. */
export function assertNever(value: never, what = 'variant'): never {
  throw new AssertionError(`unexpected ${what}: ${JSON.stringify(value)}`);
}
