import { spawnSync } from 'node:child_process';
import { contextArguments, readOptions, UsageError } from './command-line.ts';

/** `npm run synth -- --stage dev [--config key=value]`: both templates into .state/cdk.out, without account, network or Docker. */
try {
  const options = readOptions(process.argv.slice(2), {
    name: 'synth',
    description: 'Writes the templates of a stage into .state/cdk.out, without account, network or Docker.',
  });
  const { status } = spawnSync('cdk', ['synth', '--quiet', ...contextArguments(options)], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`synth: ${error.message}`);
  process.exitCode = 2;
}
