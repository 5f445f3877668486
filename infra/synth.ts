import { spawnSync } from 'node:child_process';
import { contextArguments, readOptions } from './command-line.ts';

/** `npm run synth -- --stage dev [--config key=value]`: both templates into cdk.out, without account, network or Docker. */
const options = readOptions(process.argv.slice(2));
const { status } = spawnSync('cdk', ['synth', '--quiet', ...contextArguments(options)], { stdio: 'inherit' });
process.exitCode = status ?? 1;
