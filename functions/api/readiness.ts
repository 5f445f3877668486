import { isStale } from '#shared/core/system/fact-ages.ts';
import { SYSTEM_JOBS } from '#shared/core/system/system-jobs.ts';
import { feedTroubleText } from '#shared/messages/feed-status.ts';
import type { PlatformSnapshot, ReadyCheck } from '#shared/messages/platform-snapshot.ts';

export interface Readiness {
  readonly ready: boolean;
  readonly state: string | null;
  readonly reason: string | null;
  readonly missing: readonly { readonly code: string; readonly message: string }[];
  readonly checks: readonly ReadyCheck[];
}

/**
 * Ready to trade: HEALTHY, the account known whole and fresh, prices flowing, and every needed job at work. A single symbol may be
 * quiet, all of them may not. `heartbeatAgesMs`: by needed job, how long ago it may have succeeded.
 */
export function readinessOf(snapshot: PlatformSnapshot, heartbeatAgesMs: Readonly<Record<string, number>>): Readiness {
  const { system } = snapshot;
  const checks = [
    checkOf(
      'state',
      system?.state === 'HEALTHY' ? [] : [system ? `state is ${system.state}` : 'there is no state yet'],
    ),
    checkOf('account', accountProblems(snapshot)),
    checkOf('prices', priceProblems(snapshot)),
    feedCheck(snapshot),
    checkOf('key', keyProblems(snapshot)),
    checkOf('heartbeats', heartbeatProblems(snapshot, heartbeatAgesMs)),
  ];
  return {
    ready: checks.every(({ ok }) => ok),
    state: system?.state ?? null,
    reason: system?.reason ?? null,
    missing: system?.missing ?? [],
    checks,
  };
}

/** One verdict over several exchanges: ready when each is. Problems name their exchange; state and reason are those of one that is not ready. */
export function together(exchanges: readonly (readonly [exchange: string, readiness: Readiness])[]): Readiness {
  const [first, ...others] = exchanges;
  if (!first) throw new Error('no exchange is configured');
  if (others.length === 0) return first[1];
  const [name, shown] = exchanges.find(([, { ready }]) => !ready) ?? first;
  return {
    ...shown,
    ready: exchanges.every(([, { ready }]) => ready),
    reason: shown.reason === null ? null : `${name}: ${shown.reason}`,
    checks: shown.checks.map(({ check }) => {
      const own = exchanges.flatMap(([exchange, { checks }]) =>
        checks.filter((c) => c.check === check).map((c) => ({ ...c, exchange })),
      );
      const problems = own.flatMap(({ exchange, problem }) => (problem === null ? [] : [`${exchange}: ${problem}`]));
      return { check, ok: own.every(({ ok }) => ok), problem: problems.length === 0 ? null : problems.join('; ') };
    }),
  };
}

const checkOf = (check: ReadyCheck['check'], problems: readonly string[]): ReadyCheck => ({
  check,
  ok: problems.length === 0,
  problem: problems.length === 0 ? null : problems.join('; '),
});

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;

/** One that was not looked at yet is no problem; one that the venue refuses lets no exit out. */
function keyProblems({ account, jobs }: PlatformSnapshot): string[] {
  const name = SYSTEM_JOBS.tradingKey(account);
  const error = jobs.find(({ job }) => job === name)?.lastError ?? null;
  return error === null ? [] : [`the trading key may not sign: ${error}`];
}

function accountProblems({ money }: PlatformSnapshot): string[] {
  if (money === null) return ['the account was never read'];
  return [
    ...(money.complete ? [] : ['the account was read in part']),
    ...(money.complete && money.doubt ? [`${money.doubt.code}: ${money.doubt.message}`] : []),
    ...(money.stale ? [`the account is ${seconds(money.ageMs)} old`] : []),
  ];
}

function priceProblems({ symbols }: PlatformSnapshot): string[] {
  const managed = symbols.filter((symbol) => symbol.managed);
  if (managed.length === 0 || managed.some(({ price }) => price?.counts === true)) return [];
  const priced = managed.flatMap(({ price }) => price ?? []);
  if (priced.length === 0) return ['there are no prices'];
  const marks = priced.flatMap(({ markAgeMs }) => markAgeMs ?? []);
  const newest = Math.min(...marks, ...priced.map(({ ageMs }) => ageMs));
  const mark = marks.length === 0 ? 'there is no mark price' : `the newest mark price ${seconds(Math.min(...marks))}`;
  return [`the newest price is ${seconds(newest)} old, ${mark}: nothing is opened on it`];
}

/** Not ready only when no managed symbol is left that prices may come of. */
function feedCheck({ feed, symbols }: PlatformSnapshot): ReadyCheck {
  if (!feed) return checkOf('feed', []);
  const managed = symbols.filter((symbol) => symbol.managed);
  const ok = managed.some(({ cause }) => (cause ?? null) === null);
  return { check: 'feed', ok, problem: feedTroubleText(feed) };
}

function heartbeatProblems({ jobs }: PlatformSnapshot, agesMs: Readonly<Record<string, number>>): string[] {
  const inPart = jobs.flatMap(({ job, partly }) => (partly ? [`${job} succeeded in part: ${partly}`] : []));
  const late = Object.entries(agesMs).flatMap(([name, ageMsMax]) => {
    const ageMs = jobs.find(({ job }) => job === name)?.okAgeMs ?? null;
    if (ageMs === null) return [`${name} never succeeded`];
    return isStale(ageMs, ageMsMax) ? [`${name} succeeded ${seconds(ageMs)} ago`] : [];
  });
  return [...late, ...inPart];
}
