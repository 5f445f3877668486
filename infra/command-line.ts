import { parseArgs } from 'node:util';

export interface StageOptions {
  readonly stage: string;
  /** `key=value`, laid over the stage's file. */
  readonly config: readonly string[];
  readonly entries: 'open' | 'closed';
}

/** Throws with a sentence on an unknown option. */
export function readOptions(args: readonly string[]): StageOptions & { readonly dryRun: boolean } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      stage: { type: 'string', default: 'dev' },
      config: { type: 'string', multiple: true, default: [] },
      'dry-run': { type: 'boolean', default: false },
    },
    strict: true,
  });
  return { stage: values.stage, config: values.config, entries: 'open', dryRun: values['dry-run'] };
}

/** The same as context of the CDK CLI. */
export const contextArguments = ({ stage, config, entries }: StageOptions): string[] => [
  ...['-c', `stage=${stage}`],
  ...(config.length === 0 ? [] : ['-c', `config=${JSON.stringify(config)}`]),
  ...(entries === 'closed' ? ['-c', 'entries=closed'] : []),
];
