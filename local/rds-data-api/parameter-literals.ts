import { escape as escapeLiteral } from 'mysql2';
import * as z from 'zod';
import { badRequest, invalid } from './data-api-failure.ts';
import type { StatementParts } from './statement-text.ts';

/** 64 bits: beyond 2^53 the request's reader gives a bigint. */
const long = z.union([
  z.int(),
  z
    .bigint()
    .min(-(2n ** 63n))
    .max(2n ** 63n - 1n),
]);

const fieldSchema = z.strictObject({
  isNull: z.boolean().optional(),
  booleanValue: z.boolean().optional(),
  longValue: long.optional(),
  doubleValue: z.union([z.number(), z.bigint()]).optional(),
  stringValue: z.string().optional(),
  blobValue: z.base64().optional(),
  arrayValue: z.unknown().optional(),
});

export const parameterSchema = z.strictObject({
  name: z.string(),
  value: fieldSchema,
  typeHint: z.enum(['DATE', 'DECIMAL', 'JSON', 'TIME', 'TIMESTAMP', 'UUID']).optional(),
});
export type WireParameter = z.infer<typeof parameterSchema>;

const HINTS: Readonly<Record<string, RegExp>> = {
  DATE: /^\d{4}-\d\d-\d\d$/,
  TIME: /^\d\d:\d\d:\d\d(\.\d{1,3})?$/,
  TIMESTAMP: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,3})?$/,
  DECIMAL: /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/,
};

/** The statement with its values written in, escaped as MySQL wants them. */
export function withLiterals(parts: StatementParts, parameters: readonly WireParameter[]): string {
  const literals = new Map(parameters.map((parameter) => [parameter.name, literalOf(parameter)]));
  let text = parts.texts[0]!;
  parts.names.forEach((name, i) => {
    const literal = literals.get(name);
    if (literal === undefined) throw badRequest(`Cannot find parameter: ${name}`);
    text += literal + parts.texts[i + 1]!;
  });
  return text;
}

function literalOf({ name, value, typeHint }: WireParameter): string {
  const given = Object.entries(value).filter(([, member]) => member !== undefined);
  if (given.length !== 1) throw invalid(`parameter ${name} must have exactly one value`);
  const [member, content] = given[0]!;
  if (member === 'isNull') return 'NULL';
  if (member === 'arrayValue') throw badRequest('Array parameters are not supported.');
  if (typeHint !== undefined) return hinted(name, typeHint, content);
  if (member === 'blobValue') return `x'${Buffer.from(String(content), 'base64').toString('hex')}'`;
  if (member === 'booleanValue') return content ? '1' : '0';
  if (member === 'stringValue') return escapeLiteral(String(content));
  return String(content);
}

function hinted(name: string, hint: string, content: unknown): string {
  if (typeof content !== 'string') throw badRequest(`The type hint ${hint} of ${name} needs a string value.`);
  if (hint === 'UUID') throw badRequest('The type hint UUID is not supported by MySQL.');
  if (hint === 'JSON') {
    try {
      JSON.parse(content);
    } catch {
      throw badRequest(`${name} is not JSON.`);
    }
  } else if (!HINTS[hint]!.test(content)) {
    throw badRequest(`${name} cannot be parsed as ${hint}.`);
  }
  return hint === 'DECIMAL' ? content.replace(/^\+/, '') : escapeLiteral(content);
}
