import { factAges } from '#shared/core/system/fact-ages.ts';
import type { PlatformSnapshot } from '#shared/messages/platform-snapshot.ts';
import { type ReadSnapshotDeps, readSnapshot } from '#shared/usecases/read-snapshot.ts';
import type { ApiEnv } from './env.ts';
import { type Readiness, readinessOf, together } from './readiness.ts';

/** The snapshot with the answer of `/ready` in it: page, terminal, commands and probe hear one verdict. */
export async function readStatus(deps: ReadSnapshotDeps, env: ApiEnv): Promise<PlatformSnapshot> {
  const { EXCHANGE: exchange, ACCOUNT: account, HEARTBEAT_AGES_MS: heartbeatAgesMs } = env;
  const ages = factAges(env.LIMITS, env.QUORUM);
  const snapshot = await readSnapshot(deps, { exchange, account, ages, heartbeatAgesMs });
  const { ready, checks } = readinessOf(snapshot, heartbeatAgesMs);
  return { ...snapshot, readiness: { ready, checks: [...checks] } };
}

/** Whether the whole platform is ready: every exchange, each by its traded account. */
export async function readReadiness(deps: ReadSnapshotDeps, env: ApiEnv): Promise<Readiness> {
  const each = env.EXCHANGES.map(async ({ exchange, accounts }): Promise<readonly [string, Readiness]> => {
    const own = { ...env, EXCHANGE: exchange, ACCOUNT: accounts[0] ?? env.ACCOUNT };
    return [exchange, readinessOf(await readStatus(deps, own), env.HEARTBEAT_AGES_MS)];
  });
  return together(await Promise.all(each));
}
