import { loadConfig } from '#config/load.ts';
import type { CliIo } from './cli-io.ts';
import { ageText, painter, timeText } from './format.ts';
import { connect, findPlatform, type PlatformClient } from './platform-client.ts';
import { connectStage, isDeployed } from './stage-client.ts';
import { openStored, type StoredSource } from './stored-platform.ts';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly state?: string;
  readonly exchange?: string;
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
  /**
   * Answer of a reading address: of the running platform, else from the stored database of one that has stopped, which is said.
   * Throws CliFailure with exit code 3 when there is neither.
   */
  readonly read: <T extends object>(path: string) => Promise<T & { readonly stored?: StoredSource }>;
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

function storedText({ path, lastAtMs, ageMs, replay }: StoredSource): string {
  const from =
    lastAtMs === null
      ? 'which no job has ever written to'
      : `last written at ${timeText(lastAtMs)} UTC${replay ? ' of market time' : `, ${ageText(ageMs ?? 0)} ago`}`;
  return `${replay ? 'a replay that does not run' : '3T is not running'}: this is what ${path} holds, ${from}`;
}

export function commandContext(io: CliIo, options: GlobalOptions): CommandContext {
  const json = options.json === true;
  const stateDir = stateDirOf(options);
  const deployed = options.state === undefined && isDeployed(options.stage);
  const platform = () => (deployed ? connectStage(options.stage, io) : connect(stateDir, io, options.exchange));
  let said = false;
  const read = async <T extends object>(path: string): Promise<T & { readonly stored?: StoredSource }> => {
    const stored = deployed || findPlatform(stateDir) ? null : await openStored(stateDir, options.stage, io);
    if (stored === null) return platform().get<T>(path);
    try {
      const answer = await stored.client.get<T>(path);
      if (!said && !json) io.err(painter(io.color)(storedText(stored.source), 'yellow'));
      said = true;
      return { ...answer, stored: stored.source };
    } finally {
      await stored.close();
    }
  };
  return {
    io,
    json,
    stage: options.stage,
    deployed,
    stateDir,
    paint: painter(io.color && !json),
    platform,
    read,
    print: (value, text) => io.out(json ? JSON.stringify(value, null, 2) : text()),
  };
}
