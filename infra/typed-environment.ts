import type * as z from 'zod';

/** What an `env.ts` exports: the settings that its function reads, and the resources that it is told of. */
export type EnvironmentSchema = z.ZodObject;

/** The variables of a schema as text; those with a default may be left out. */
export type EnvironmentText<S extends EnvironmentSchema> = { readonly [Key in keyof z.input<S>]: string };

/** Names of the variables of a schema. */
export type VariableName<S extends EnvironmentSchema> = keyof z.input<S> & string;

/** The names at run time: what to set, and therefore what to grant. */
export const variableNames = <S extends EnvironmentSchema>(schema: S): readonly VariableName<S>[] =>
  Object.keys(schema.shape) as VariableName<S>[];
