import { writeFileSync } from 'node:fs';
import type { Config } from '#config/schema.ts';
import { exchangeOf, exchangesOf, tradingOnly } from '#config/venues.ts';
import { DEFAULT_OPTIONS } from '#local/exchange-simulator/simulator-options.ts';
import { resolveSymbol } from '#shared/core/market/resolve-symbol.ts';
import type { Terminal } from '../terminal.ts';
import { UserError } from '../user-error.ts';
import { Interruption } from './interruption.ts';
import { profileLines, type ReplayProfile } from './profile.ts';
import { inspectReplayFile, ReplayFileError } from './replay-file.ts';
import { identityOf, replayNote } from './replay-identity.ts';
import { ReplaySession, type RunReplay } from './replay-session.ts';
import type { ReplaySummary } from './summary.ts';

/**
 * `npm start -- --replay FILE`: begins, or goes on from the newest checkpoint of the same replay, until the file ends or it is
 * interrupted. Resolves with the exit code: 0 done or interrupted, 1 with a sentence on the terminal, 2 for a file that is mostly refused.
 */
export async function runReplay(run: RunReplay): Promise<number> {
  const { options, terminal, state } = run;
  try {
    const { symbol, venueSymbol } = marketOf(run.replay.symbol);
    const replay = { ...run.replay, symbol };
    const config = onlySymbol(run.config, symbol);
    const [exchange, ...others] = exchangesOf(config);
    if (others.length > 0 || exchangeOf(config, exchange).kind !== 'simulator') {
      throw new ReplayFileError(`a replay needs exchanges.${exchange}.kind: simulator, and no other exchange`);
    }
    const file = inspectReplayFile(replay);
    const identity = identityOf(config, options, file, replay.checkpointEveryMs);
    state.claim();
    const note = replayNote(state);
    const held = note.read();
    if (options.fresh) state.clear();
    else if (held === null && state.hasDatabase()) {
      throw new ReplayFileError(
        `${state.path} holds a platform that is no replay; choose another folder with --state, or --fresh to forget it`,
      );
    } else if (held?.identity === identity && held.summary !== null) {
      terminal.say('this replay has ended before; its summary again (--fresh replays it anew)');
      if (options.summary) printSummary(held.summary as ReplaySummary);
      return 0;
    } else if (held !== null && held.identity !== identity) {
      terminal.say(`${state.path} held another replay (file, seed or settings differ): starting anew`);
      state.clear();
    }
    note.write({ identity, summary: null });
    const interruption = new Interruption();
    const session = new ReplaySession({ ...run, replay, config, venueSymbol, file, identity, interruption });
    try {
      const result = await session.run();
      if (result === null) return 0;
      note.write({ identity, summary: result.summary });
      writeFileSync(state.file('replay-profile.json'), `${JSON.stringify(result.profile)}\n`, { mode: 0o600 });
      report(terminal, result.summary, result.profile);
      if (options.summary) printSummary(result.summary);
      if (!replay.untilDone) await session.stay();
      return 0;
    } finally {
      await session.close();
      interruption.close();
    }
  } catch (error) {
    terminal.end();
    const known = error instanceof UserError;
    terminal.say(
      `3T: ${known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    if (!(error instanceof ReplayFileError) || error.code !== 'mostly-refused') return 1;
    if (options.summary) {
      process.stdout.write(`${JSON.stringify({ error: { code: error.code, message: error.message } })}\n`);
    }
    return 2;
  }
}

/** The simulator's market of a symbol, which may be written short (`eth`); throws a sentence with the symbols that there are. */
function marketOf(text: string): { readonly symbol: string; readonly venueSymbol: string } {
  const { markets: listed, symbolOf } = DEFAULT_OPTIONS;
  const markets = listed.map(({ coin }) => ({ venueSymbol: coin, symbol: symbolOf(coin) }));
  const symbol = resolveSymbol(markets, text);
  const found = markets.find((market) => market.symbol === symbol);
  if (found) return found;
  throw new UserError(`--symbol ${text} is not listed; choose one of ${markets.map((m) => m.symbol).join(', ')}`);
}

/** The file prices one symbol: the others would only be stale, and the sub-accounts of the others hold nothing. */
function onlySymbol(config: Config, symbol: string): Config {
  const [exchange] = exchangesOf(config);
  const only = tradingOnly(exchangeOf(config, exchange), symbol);
  return { ...config, exchanges: { ...config.exchanges, [exchange]: only } };
}

function printSummary(summary: ReplaySummary): void {
  process.stdout.write(`${JSON.stringify(summary)}\n`);
}

function report(terminal: Terminal, summary: ReplaySummary, profile: ReplayProfile): void {
  const { orders } = summary;
  terminal.announce([
    ['replayed', `${summary.candles} candles, ${summary.ticks} ticks in ${(summary.wallMs / 1000).toFixed(1)} s`],
    ['runs, cycles', `${summary.runs} started, ${summary.cycles} cycles, ${summary.decisions} decisions`],
    [
      'orders',
      `${orders.accepted} accepted, ${orders.rejected} rejected, ${orders.expired} expired, ${orders.unknown} unknown`,
    ],
    ['fills', `${summary.fills}, fees ${summary.feesPaid}, overshoot ${summary.maxOvershootLots} lots`],
    ['equity', `${summary.equityStart} → ${summary.equityEnd}`],
  ]);
  if (!terminal.quiet) for (const line of profileLines(profile)) terminal.say(line);
}
