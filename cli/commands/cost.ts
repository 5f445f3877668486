import { ConfigError } from '#config/config-error.ts';
import type { StageCost } from '#infra/cost/stage-cost.ts';
import type { CommandContext } from '../context.ts';
import { CliFailure, EXIT, type ExitCode } from '../exit-codes.ts';
import { table } from '../format.ts';
import { isDeployed } from '../stage-client.ts';

/** `3t cost --stage dev`: what a month of the stage costs on AWS, by line, from its own templates and a dated price list. */
export async function cost(ctx: CommandContext, options: { readonly config: readonly string[] }): Promise<ExitCode> {
  if (!isDeployed(ctx.stage)) {
    const why = `stage ${ctx.stage} runs on this machine and costs nothing at AWS; name another with --stage, such as dev`;
    throw new CliFailure(EXIT.usage, 'no-deployed-stage', why);
  }
  // Loaded only here: aws-cdk-lib is large, and a development dependency.
  const { stageCost } = await import('#infra/cost/stage-cost.ts').catch((error: unknown) => {
    throw new CliFailure(EXIT.failed, 'no-cdk', `the CDK is not installed, which npm ci brings: ${String(error)}`);
  });
  try {
    const value = stageCost(ctx.stage, options.config);
    ctx.print(value, () => text(value));
    return EXIT.ok;
  } catch (error) {
    if (error instanceof ConfigError) throw new CliFailure(EXIT.failed, 'settings', error.message);
    throw new CliFailure(EXIT.failed, 'no-prices', error instanceof Error ? error.message : String(error));
  }
}

const usd = (value: number): string => value.toFixed(2);

function text(value: StageCost): string {
  const { now, assumptions } = value;
  const rows = now.lines.map((line) => [line.item, usd(line.usd), line.quantity, line.source]);
  return [
    `Stage ${value.stage} in ${value.region}: ${usd(now.usd)} USD a month without tax, at prices of ${value.pricesDated}`,
    '',
    table(['ITEM', 'USD', 'FROM', 'PRICE FROM'], rows),
    '',
    `with one fixed address for orders ${usd(value.withStaticEgressUsd)}, without ${usd(value.withoutStaticEgressUsd)}; parked ${usd(value.parkedUsd)}`,
    '',
    'Assumed (infra/cost/assumptions.ts):',
    ...Object.entries(assumptions).map(([name, number]) => `  ${name} = ${number}`),
  ].join('\n');
}
