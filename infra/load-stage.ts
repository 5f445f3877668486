import { loadConfig } from '#config/load.ts';
import type { Config } from '#config/schema.ts';
import { stageChecks } from '#config/stage-checks.ts';

/** The settings of a stage that may be deployed. Throws ConfigError with every problem, those of AWS included. */
export const loadStage = (stage: string, overrides: readonly string[] = [], dir?: string): Config =>
  loadConfig({ stage, overrides, checks: stageChecks(stage), ...(dir === undefined ? {} : { dir }) }).config;
