import { endQuietlyWithTheReader, processIo } from './cli-io.ts';
import { runCli } from './program.ts';

endQuietlyWithTheReader(process.stdout);
process.exitCode = await runCli(process.argv.slice(2), processIo(process.env));
