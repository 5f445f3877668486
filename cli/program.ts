import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { parseDuration, parseInstant } from '#local/start-options.ts';
import { LOCK_MODES } from '#shared/core/system/system-state.ts';
import type { CliIo } from './cli-io.ts';
import { flatten, lock, rearm, reconcile, unlock } from './commands/change-state.ts';
import { configCheck } from './commands/config-check.ts';
import { cost } from './commands/cost.ts';
import { doctor } from './commands/doctor.ts';
import { logs } from './commands/logs.ts';
import { orders, resolveOrder } from './commands/orders.ts';
import { page } from './commands/page.ts';
import { pnl } from './commands/pnl.ts';
import { positions } from './commands/positions.ts';
import { pushSecrets } from './commands/secrets.ts';
import { status } from './commands/status.ts';
import { editSymbol, endHold, listSymbols } from './commands/symbols.ts';
import { trace } from './commands/trace.ts';
import { trades } from './commands/trades.ts';
import { why } from './commands/why.ts';
import { type CommandContext, commandContext, type GlobalOptions } from './context.ts';
import { CliFailure, EXIT, type ExitCode } from './exit-codes.ts';

type Run = (ctx: CommandContext) => Promise<ExitCode>;

const HELP_AFTER = `
Exit codes: 0 ok, 1 a check failed or the platform refused, 2 usage, 3 the platform is not running.
status, positions, orders, trades, pnl, why and trace also answer from the database of a platform that has stopped.`;

/** Runs one command line. Never throws for what a user or the platform may do wrong. */
export async function runCli(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok;
  const json = argv.includes('--json');
  const program = buildProgram(io, async (options, run) => {
    exitCode = await run(commandContext(io, options));
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const failure = error instanceof CliFailure ? error : new CliFailure(EXIT.failed, 'failed', String(error));
    io.err(
      json ? JSON.stringify({ error: { code: failure.code, message: failure.message } }) : `3t: ${failure.message}`,
    );
    return failure.exitCode;
  }
}

function buildProgram(io: CliIo, act: (options: GlobalOptions, run: Run) => Promise<void>): Command {
  const program = new Command('3t')
    .description('Look at a running 3T, and tell it what to do.')
    .addHelpText('after', HELP_AFTER)
    // What stands behind `orders resolve` is for it, and not for `orders`, which has some of the same options.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text.trimEnd()), writeErr: (text) => io.err(text.trimEnd()) });

  /** A command with the options that all share. */
  const add = (parent: Command, name: string, description: string): Command =>
    parent
      .command(name)
      .description(description)
      .option('--json', 'print JSON')
      .option('--state <dir>', 'state folder of the platform (default: state_dir of the stage)')
      .option('--exchange <name>', 'of several exchanges this one (default: the first; a change must name it)')
      .option('--stage <name>', 'local: this machine; any other: a stage that is deployed', 'local');
  const list = (name: string, description: string): Command =>
    add(program, name, description)
      .option('--symbol <symbol>', 'one symbol, in full or by its coin')
      .option('--limit <n>', 'at most so many rows', whole(1, 1000), 50);
  const reason = (command: Command): Command =>
    command.requiredOption('--reason <text>', 'why; goes into the audit', text(200));

  add(program, 'status', 'state, money, counts and jobs').action((o) => act(o, status));
  add(program, 'positions', 'desired and actual position of each symbol').action((o) => act(o, positions));
  const ordersVerb = list('orders', 'orders, newest first')
    .option('--working', 'only those that have not ended')
    .action((o) => act(o, (ctx) => orders(ctx, o)));
  reason(add(ordersVerb, 'resolve', 'end an order of which the order tracker cannot find out what became of it'))
    .argument('<clientOrderId>')
    .requiredOption('--filled <size>', 'how much of it traded, by the venue itself: base units, 0, or all')
    .action((id: string, o) => act(o, (ctx) => resolveOrder(ctx, id, o)));
  add(program, 'trades', 'fills, newest first')
    .option('--symbol <symbol>', 'one symbol, in full or by its coin')
    .option('--limit <n>', 'at most so many rows (default: 50; with --csv all)', whole(1, 1_000_000))
    .option('--offset <n>', 'leave out so many of the newest: the next page', whole(0, 10_000_000), 0)
    .option('--from <time>', 'not before this UTC time; a date alone is its 00:00', parseInstant)
    .option('--to <time>', 'not after this UTC time; a date alone is its 00:00', parseInstant)
    .option('--csv', 'comma-separated, with a header')
    .action((o) => act(o, (ctx) => trades(ctx, o)));
  add(program, 'pnl', 'equity curve, realised profit, fees')
    .option('--hours <n>', 'how far back', whole(1, 8760), 24)
    .action((o) => act(o, (ctx) => pnl(ctx, o)));
  add(program, 'why', 'why a symbol was or was not traded, or what an order rested on')
    .argument('<symbol|orderId|decisionId>', 'symbol, coin, client order id or decision id')
    .action((subject: string, o) => act(o, (ctx) => why(ctx, subject)));
  add(program, 'trace', 'one chain from stored rows: tick, decision, order, fills')
    .argument('<correlationId|orderId|decisionId>', 'correlation id, or the id of an order or decision of the chain')
    .action((subject: string, o) => act(o, (ctx) => trace(ctx, subject)));

  reason(add(program, 'lock', 'stop trading at once, until unlock'))
    .argument('<exchange>')
    .addOption(
      new Option('--mode <mode>', 'close-only: reduces only; freeze: nothing at all; flatten: close everything')
        .choices(LOCK_MODES)
        .default('close-only'),
    )
    .action((exchange: string, o) => act(o, (ctx) => lock(ctx, exchange, o)));
  reason(add(program, 'unlock', 'approve: LOCKED goes on through RECONCILING to HEALTHY'))
    .argument('<exchange>')
    .option('--version <n>', 'only if the state still has this version', whole(0, Number.MAX_SAFE_INTEGER))
    .action((exchange: string, o) => act(o, (ctx) => unlock(ctx, exchange, o)));
  reason(add(program, 'rearm', 'clear a latched take profit or drawdown, so that new runs may start'))
    .argument('<exchange>')
    .action((exchange: string, o) => act(o, (ctx) => rearm(ctx, exchange, o)));
  add(program, 'reconcile', 'compare and correct positions now')
    .argument('[symbol]')
    .action((symbol: string | undefined, o) => act(o, (ctx) => reconcile(ctx, symbol)));
  reason(add(program, 'flatten', 'close everything and lock, or close one symbol and stop managing it'))
    .argument('[symbol]')
    .action((symbol: string | undefined, o) => act(o, (ctx) => flatten(ctx, symbol, o)));

  const symbols = program.command('symbols').description('the symbols that 3T manages');
  add(symbols, 'list', 'what is managed, closing, released or on HOLD').action((o) => act(o, listSymbols));
  add(symbols, 'add', 'manage a symbol that the venue lists')
    .argument('<symbol>')
    .option('--leverage <n>', 'leverage to use (default: the largest allowed)', whole(1, 100))
    .addOption(new Option('--adopt', "a position that is there becomes 3T's").conflicts('close'))
    .option('--close', 'a position that is there is closed first; without either the symbol waits on HOLD')
    .option('--reason <text>', 'why', text(200))
    .action((symbol: string, o) => act(o, (ctx) => editSymbol(ctx, 'add', symbol, o)));
  add(symbols, 'remove', 'close the position, then leave the symbol alone')
    .argument('<symbol>')
    .option('--reason <text>', 'why', text(200))
    .action((symbol: string, o) => act(o, (ctx) => editSymbol(ctx, 'remove', symbol, o)));
  reason(add(program, 'adopt', 'end a HOLD: 3T goes on from the position as it is'))
    .argument('<symbol>')
    .action((symbol: string, o) => act(o, (ctx) => endHold(ctx, 'adopt', symbol, o)));
  reason(add(program, 'release', 'end a HOLD, or stop managing: the position is yours, 3T leaves the symbol alone'))
    .argument('<symbol>')
    .action((symbol: string, o) => act(o, (ctx) => endHold(ctx, 'release', symbol, o)));

  const secrets = program.command('secrets').description('the trading keys of a deployed stage');
  add(secrets, 'push', 'put the keys of secrets.yml where only the order gateway of the stage reads them').action((o) =>
    act(o, pushSecrets),
  );
  add(program, 'page', 'Mission Control of a deployed stage, on this machine')
    .option('--port <n>', 'port on 127.0.0.1; 0 takes any free one', whole(0, 65_535), 8081)
    .action((o) => act(o, (ctx) => page(ctx, o)));
  add(program, 'doctor', 'check everything that a start needs')
    .option('--proxy', 'also ask the venue through each configured proxy')
    .action((o) => act(o, (ctx) => doctor(ctx, o)));
  const config = program.command('config').description('the settings');
  add(config, 'check', 'everything wrong at once, and what the sizing can produce')
    .option('--config <key=value...>', 'override a setting', [])
    .option('--equity <quote>', 'equity to compute with', money)
    .action((o) => act(o, (ctx) => configCheck(ctx, o)));
  add(program, 'cost', 'what a month of a deployed stage costs, by line')
    .option('--config <key=value...>', 'override a setting', [])
    .action((o) => act(o, (ctx) => cost(ctx, o)));
  add(program, 'logs', 'the log of the platform, running or not')
    .addOption(new Option('--level <level>', 'this level and above').choices(['debug', 'info', 'warn', 'error']))
    .option('--event <prefix>', 'events that begin with this, such as order.')
    .option('--contains <text>', 'only lines with this text: a correlation id, a symbol')
    .option('--since <duration>', 'not older than 90s, 30m, 2h, 1d', parseDuration)
    .option('--limit <n>', 'the newest so many', whole(1, 100_000), 100)
    .action((o) => act(o, (ctx) => logs(ctx, o)));
  return program;
}

const whole = (min: number, max: number) => (given: string) => {
  const value = Number(given);
  if (!/^\d+$/.test(given) || value < min || value > max) {
    throw new InvalidArgumentError(`expected a whole number from ${min} to ${max}.`);
  }
  return value;
};

const text = (lengthMax: number) => (given: string) => {
  const trimmed = given.trim();
  if (trimmed === '' || trimmed.length > lengthMax)
    throw new InvalidArgumentError(`expected 1 to ${lengthMax} characters.`);
  return trimmed;
};

const money = (given: string) => {
  if (!/^(?:0|[1-9]\d{0,11})(?:\.\d{1,8})?$/.test(given))
    throw new InvalidArgumentError('expected an amount such as 10000.');
  return given;
};
