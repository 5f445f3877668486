import { loadConfig } from '#config/load.ts';
import type { CliIo } from './cli-io.ts';
import { painter } from './format.ts';
import { connect, type PlatformClient } from './platform-client.ts';
import { connectStage, isDeployed } from './stage-client.ts';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly state?: string;
  readonly stage: string;
}

/** What a command function gets: options, a way to the platform and to the terminal. */
export interface CommandContext {
  readonly io: CliIo;
  readonly json: boolean;
  readonly stage: string;
  /** The stage runs on AWS, and no state folder of this machine was named. */
  readonly deployed: boolean;
  readonly stateDir: string;
  readonly paint: ReturnType<typeof painter>;
  /** That of the state folder, or of the deployed stage. Throws CliFailure with exit code 3 when there is none. */
  readonly platform: () => PlatformClient;
  /** Prints `value` as JSON with `--json`, else the text. */
  readonly print: (value: unknown, text: () => string) => void;
}

/** `--state`, else the folder that the stage's configuration names; a broken configuration must not hide a running platform. */
export function stateDirOf(options: GlobalOptions): string {
  if (options.state !== undefined) return options.state;
  try {
    return loadConfig({ stage: options.stage }).config.state_dir;
  } catch {
    return `.state/${options.stage}`;
  }
}

export function commandContext(io: CliIo, options: GlobalOptions): CommandContext {
  const json = options.json === true;
  const stateDir = stateDirOf(options);
  const deployed = options.state === undefined && isDeployed(options.stage);
  return {
    io,
    json,
    stage: options.stage,
    deployed,
    stateDir,
    paint: painter(io.color && !json),
    platform: () => (deployed ? connectStage(options.stage, io) : connect(stateDir, io)),
    print: (value, text) => io.out(json ? JSON.stringify(value, null, 2) : text()),
  };
}
