import { factAges } from '#shared/core/system/fact-ages.ts';
import type { PlatformSnapshot } from '#shared/messages/platform-snapshot.ts';
import { type ReadSnapshotDeps, readSnapshot } from '#shared/usecases/read-snapshot.ts';
import type { ApiEnv } from './env.ts';
import { readinessOf } from './readiness.ts';

/** The snapshot with the answer of `/ready` in it: page, terminal, commands and probe hear one verdict. */
export async function readStatus(deps: ReadSnapshotDeps, env: ApiEnv): Promise<PlatformSnapshot> {
  const { EXCHANGE: exchange, ACCOUNT: account, HEARTBEAT_AGES_MS: heartbeatAgesMs } = env;
  const ages = factAges(env.LIMITS, env.QUORUM);
  const snapshot = await readSnapshot(deps, { exchange, account, ages, heartbeatAgesMs });
  const { ready, checks } = readinessOf(snapshot, heartbeatAgesMs);
  return { ...snapshot, readiness: { ready, checks: [...checks] } };
}
