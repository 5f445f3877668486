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
    const comment = defaults.comments.get(path);
    const value = valueAt(defaults.tree, path);
    return {
      ...(comment === undefined ? {} : { description: comment }),
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
  const { $schema, ...schema } = z.toJSONSchema(configSchema, { io: 'input' });
  const described = describe(schema, '') as Record<string, unknown>;
  return `${JSON.stringify({ $schema, title: '3T settings', ...described }, null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(SCHEMA_FILE, generateSchema(readFileSync(DEFAULTS_FILE, 'utf8')));
  console.log(`wrote ${SCHEMA_FILE}`);
}
