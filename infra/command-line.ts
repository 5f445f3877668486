import { Command, CommanderError } from 'commander';

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

/** Throws {@link UsageError}; prints the help and ends the process with 0 when that is asked for. */
export function readOptions(
  args: readonly string[],
  command: { readonly name: 'synth' | 'deploy'; readonly description: string },
): StageOptions & { readonly dryRun: boolean } {
  const program = new Command(command.name)
    .description(command.description)
    .option('--stage <name>', 'file of config/ with the settings', 'dev')
    .option(
      '--config <key=value>',
      'lay a setting over the file; may be repeated',
      (one, all: string[]) => [...all, one],
      [],
    )
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  if (command.name === 'deploy') program.option('--dry-run', 'say what would be done, and change nothing', false);
  try {
    program.parse([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) process.exit(0);
    throw new UsageError(`${error instanceof Error ? error.message : error}; see npm run ${command.name} -- --help`);
  }
  const { stage, config, dryRun = false } = program.opts<{ stage: string; config: string[]; dryRun?: boolean }>();
  return { stage, config, entries: 'open', dryRun };
}

/** The same as context of the CDK CLI. */
export const contextArguments = ({ stage, config, entries }: StageOptions): string[] => [
  ...['-c', `stage=${stage}`],
  ...(config.length === 0 ? [] : ['-c', `config=${JSON.stringify(config)}`]),
  ...(entries === 'closed' ? ['-c', 'entries=closed'] : []),
];
