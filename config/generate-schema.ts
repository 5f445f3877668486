import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { configSchema } from './schema.ts';
import { isSettingsMap, parseSettings, valueAt } from './settings-file.ts';

const SCHEMA_FILE = fileURLToPath(new URL('schema.json', import.meta.url));
const DEFAULTS_FILE = fileURLToPath(new URL('default.yaml', import.meta.url));

/**
 * JSON Schema for editors: types and ranges from schema.ts, descriptions and defaults from default.yaml.
 * Nothing is required, because a stage file holds differences only; entries of a list are whole.
 */
export function generateSchema(defaultYaml: string): string {
  const defaults = parseSettings({ file: 'config/default.yaml', text: defaultYaml });
  const describe = (node: unknown, path: string): unknown => {
    if (!isSettingsMap(node)) return node;
    const { required: _, properties, ...rest } = node;
    const value = valueAt(defaults.tree, path);
    return {
      ...described(path),
      ...rest,
      ...(value === undefined || isSettingsMap(value) ? {} : { default: value }),
      ...(isSettingsMap(properties)
        ? {
            properties: Object.fromEntries(
              Object.entries(properties).map(([key, inner]) => [
                key,
                describe(inner, path === '' ? key : `${path}.${key}`),
              ]),
            ),
          }
        : {}),
    };
  };
  /** An entry named as its venue has that venue's keys; of another name it may have any venue's, or be null, which drops it. */
  const exchanges = (node: Record<string, unknown>): Record<string, unknown> => {
    const { oneOf, anyOf, ...any } = node.additionalProperties as Record<string, unknown>;
    const options = (oneOf ?? anyOf ?? [any]) as {
      readonly properties: { readonly venue: { readonly const: string } };
    }[];
    const entries = options.map((option) => {
      const venue = option.properties.venue.const;
      return [venue, { anyOf: [describe(option, `exchanges.${venue}`), { type: 'null' }] }] as const;
    });
    const { required: _, ...rest } = node;
    return {
      ...rest,
      ...described('exchanges'),
      properties: Object.fromEntries(entries),
      additionalProperties: { anyOf: entries.flatMap(([, entry]) => entry.anyOf) },
    };
  };
  const described = (path: string) => {
    const comment = defaults.comments.get(path);
    return comment === undefined ? {} : { description: comment };
  };
  const { $schema, ...schema } = z.toJSONSchema(configSchema, { io: 'input' });
  const { properties } = schema as { properties: Record<string, Record<string, unknown>> };
  const whole = describe(schema, '') as { properties: object };
  const text = {
    $schema,
    title: '3T settings',
    ...whole,
    properties: { ...whole.properties, exchanges: exchanges(properties.exchanges ?? {}) },
  };
  return `${JSON.stringify(text, null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(SCHEMA_FILE, generateSchema(readFileSync(DEFAULTS_FILE, 'utf8')));
  console.log(`wrote ${SCHEMA_FILE}`);
}
