import { fileURLToPath } from 'node:url';
import { ConfigError, problemLine } from '#config/config-error.ts';
import { loadConfig } from '#config/load.ts';
import type { Config } from '#config/schema.ts';
import type { ExchangeConfig } from '#config/venues.ts';
import type { CommandContext } from '../context.ts';
import type { Finding } from '../doctor/finding.ts';
import { checkDatabase, checkDisk, checkPlatform, checkPort, checkReadiness } from '../doctor/local-checks.ts';
import { checkProxies } from '../doctor/proxy-check.ts';
import { checkSecrets } from '../doctor/secret-check.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { plain, table } from '../format.ts';
import { checkSizing } from '../sizing-check.ts';
import { checkAlarms } from '../stage-alarms.ts';
import { checksOf } from '../stage-client.ts';

const NODE_MAJOR_MIN = 24;
const PROJECT_DIR = fileURLToPath(new URL('../..', import.meta.url));
const COLORS = { ok: 'green', warning: 'yellow', failed: 'red' } as const;

/** `3t doctor [--proxy]`: looks at everything a start needs, without changing anything. Exit 1 when a check failed. */
export async function doctor(ctx: CommandContext, options: { readonly proxy?: boolean }): Promise<ExitCode> {
  const findings: Finding[] = [checkNode()];
  const config = checkConfig(ctx, findings);
  if (config)
    findings.push(
      ...(await eachExchange(config, async (exchange) => [await checkSecrets(exchange, PROJECT_DIR)])),
      ...(await sizingFindings(ctx, config)),
    );
  findings.push(...checkDisk(ctx.stateDir), checkDatabase(ctx.stateDir));
  if (ctx.deployed && config) findings.push(await checkAlarms(ctx));
  const platform = await checkPlatform(ctx);
  findings.push(platform);
  if (platform.verdict === 'ok') findings.push(...(await checkReadiness(ctx)));
  if (config && platform.verdict !== 'ok') findings.push(await checkPort(config.http.port));
  if (config && options.proxy) {
    findings.push(...(await eachExchange(config, (exchange) => checkProxies(ctx.io, exchange, ctx.stateDir))));
  }
  const ok = findings.every((finding) => finding.verdict !== 'failed');
  ctx.print({ ok, findings }, () =>
    table(
      ['CHECK', 'VERDICT', 'DETAIL'],
      findings.map((f) => [f.check, ctx.paint(f.verdict, COLORS[f.verdict]), plain(f.detail)]),
    ),
  );
  return ok ? EXIT.ok : EXIT.failed;
}

/** The findings of every exchange; where there are several, each check says whose it is. */
async function eachExchange(
  { exchanges }: Config,
  check: (exchange: ExchangeConfig) => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  const entries = Object.entries(exchanges);
  const found = await Promise.all(
    entries.map(async ([name, exchange]) => {
      const findings = await check(exchange);
      return entries.length === 1 ? findings : findings.map((f) => ({ ...f, check: `${f.check} of ${name}` }));
    }),
  );
  return found.flat();
}

/** `exchange kind simulator`, or `exchange kinds first simulator, second paper`. */
const kindsText = ({ exchanges }: Config): string => {
  const [first, ...others] = Object.entries(exchanges);
  return others.length === 0
    ? `exchange kind ${first?.[1].kind}`
    : `exchange kinds ${Object.entries(exchanges)
        .map(([name, { kind }]) => `${name} ${kind}`)
        .join(', ')}`;
};

function checkNode(): Finding {
  const major = Number(process.versions.node.split('.')[0]);
  const hint = major < NODE_MAJOR_MIN ? '; start through `npm run 3t --`, which brings its own' : '';
  return {
    check: 'node',
    verdict: major >= NODE_MAJOR_MIN ? 'ok' : 'failed',
    detail: `${process.versions.node}, ${NODE_MAJOR_MIN} or newer is needed${hint}`,
  };
}

function checkConfig(ctx: CommandContext, findings: Finding[]): Config | null {
  try {
    const { config, warnings } = loadConfig({ stage: ctx.stage, checks: checksOf(ctx.stage) });
    const detail = `stage ${ctx.stage}, ${kindsText(config)}`;
    findings.push({ check: 'config', verdict: 'ok', detail });
    for (const warning of warnings) findings.push({ check: 'config', verdict: 'warning', detail: warning });
    return config;
  } catch (error) {
    const details =
      error instanceof ConfigError
        ? error.problems.map((problem) => problemLine(problem).trim())
        : [error instanceof Error ? error.message : String(error)];
    findings.push(...details.map((detail) => ({ check: 'config', verdict: 'failed' as const, detail })));
    return null;
  }
}

/** Symbols in which a limit lets nothing be opened: the platform would be HEALTHY and would not trade them. */
async function sizingFindings(ctx: CommandContext, config: Config): Promise<readonly Finding[]> {
  const { equity, warnings } = await checkSizing(ctx, config);
  const at = `equity ${equity.quote ?? 'unknown'} (${equity.from})`;
  return warnings.length === 0
    ? [{ check: 'sizing', verdict: 'ok', detail: `every symbol can be opened at ${at}` }]
    : warnings.map((detail) => ({ check: 'sizing', verdict: 'warning' as const, detail }));
}
