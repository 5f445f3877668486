import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { generateSchema } from '#config/generate-schema.ts';
import { knownKeys, loadConfig } from '#config/load.ts';
import { RETIRED_KEYS } from '#config/retired-keys.ts';
import { parseSettings, valueAt } from '#config/settings-file.ts';
import { LIVE_ACKNOWLEDGEMENT } from '#config/venues.ts';

const text = readFileSync('config/default.yaml', 'utf8');
const defaults = parseSettings({ file: 'config/default.yaml', text });
/** Optional in a map of timeframes, and the repeated inside of entries whose first one is explained. */
const explainedAbove =
  /^(market_data\.(lookback_bars|retention_days)\.\d+[mhd])$|entropy-breakout\.(share|timeframe|params)$|\.(batch_size|concurrency|visibility_s|max_receives|window_s|retries|max_record_age_s)$/;

describe('default.yaml', () => {
  it('holds every key of the schema', () => {
    const optional = /^market_data\.(lookback_bars|retention_days)\.\d+[mhd]$/;
    const missing = knownKeys().filter((key) => !optional.test(key) && valueAt(defaults.tree, key) === undefined);
    expect(missing).toEqual([]);
  });

  it('explains every key in a comment', () => {
    const silent = knownKeys().filter((key) => !explainedAbove.test(key) && !defaults.comments.has(key));
    expect(silent).toEqual([]);
  });
});

describe('stage files', () => {
  const stages = readdirSync('config').flatMap((name) => /^(.+)\.yaml$/.exec(name)?.[1] ?? []);
  it.each(stages)('%s is valid and named by its file', (stage) => {
    // The example of a stage with real money lacks the one sentence that only its owner may write.
    const overrides = stage === 'live' ? [`exchanges.hyperliquid.live_acknowledgement=${LIVE_ACKNOWLEDGEMENT}`] : [];
    const { config, warnings } = loadConfig({ stage, overrides });
    expect(config.stage).toBe(stage);
    expect(warnings).toEqual([]);
  });

  it('live is refused as it stands', () => {
    expect(() => loadConfig({ stage: 'live' })).toThrow(/live_acknowledgement/);
  });
});

describe('schema.json', () => {
  it('is current (npm run config:schema writes it)', () => {
    expect(readFileSync('config/schema.json', 'utf8')).toBe(generateSchema(text));
  });
});

describe('RETIRED_KEYS', () => {
  it('names no key that exists, and renames only to keys that do', () => {
    const known = new Set(knownKeys());
    expect(RETIRED_KEYS.filter((retired) => known.has(retired.path))).toEqual([]);
    expect(RETIRED_KEYS.filter((retired) => retired.renamedTo !== undefined && !known.has(retired.renamedTo))).toEqual(
      [],
    );
  });
});
