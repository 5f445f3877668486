import type * as z from 'zod';

/** Names what is wrong with each variable, and never a value: one of them may be a secret. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
}

/** The variables of a process, checked. Throws `EnvironmentError` with every problem at once. */
export function readEnvironment<S extends z.ZodType>(
  schema: S,
  environment: Readonly<Record<string, string | undefined>>,
): z.output<S> {
  // Read once: to compile the schema first, as Zod does for a thousand values, costs a start more than it saves.
  const parsed = schema.safeParse(environment, { jitless: true });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => {
    const [name, ...inside] = path.map(String);
    if (name !== undefined && environment[name] === undefined) return `${name}: it is missing`;
    return `${[name, ...inside].join('.')}: ${message}`;
  });
  throw new EnvironmentError(`the environment is unusable: ${problems.join('; ')}`);
}
