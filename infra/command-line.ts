import { parseArgs } from 'node:util';

export interface StageOptions {
  readonly stage: string;
  /** `key=value`, laid over the stage's file. */
  readonly config: readonly string[];
  readonly entries: 'open' | 'closed';
}

/** An option that does not exist, or lacks its value. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Throws {@link UsageError}. */
export function readOptions(args: readonly string[]): StageOptions & { readonly dryRun: boolean } {
  const values = parse(args);
  return { stage: values.stage, config: values.config, entries: 'open', dryRun: values['dry-run'] };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        stage: { type: 'string', default: 'dev' },
        config: { type: 'string', multiple: true, default: [] },
        'dry-run': { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** The same as context of the CDK CLI. */
export const contextArguments = ({ stage, config, entries }: StageOptions): string[] => [
  ...['-c', `stage=${stage}`],
  ...(config.length === 0 ? [] : ['-c', `config=${JSON.stringify(config)}`]),
  ...(entries === 'closed' ? ['-c', 'entries=closed'] : []),
];
