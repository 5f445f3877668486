import type { Config } from '#config/schema.ts';
import { openSqlite } from '#shared/adapters/sql/open-database.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import { MINUTE_MS, slotOf } from '#shared/core/time.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { logEvents } from '#shared/telemetry/names.ts';
import { collectGarbage } from '../collect-garbage.ts';
import { PROJECT_DIR } from '../embedded.ts';
import type { SimulatorStatus } from '../simulator-process.ts';
import type { ReplayOptions, StartOptions } from '../start-options.ts';
import type { StateDirectory } from '../state-directory.ts';
import { createTelemetry } from '../telemetry-setup.ts';
import type { Terminal } from '../terminal.ts';
import { openTradingSecrets } from '../trading-secrets.ts';
import { type CheckpointNote, Checkpoints } from './checkpoint.ts';
import { qualityLines } from './file-quality.ts';
import type { Interruption } from './interruption.ts';
import { LoopbackClient } from './loopback-client.ts';
import { atFullSpeed, type Pace, timesRealTime } from './market-driver.ts';
import { Profiler, profileLines, type ReplayProfile } from './profile.ts';
import { Progress } from './progress.ts';
import { addCounts, NO_COUNTS, type ReplayCounts } from './replay-counts.ts';
import type { ReplayFile } from './replay-file.ts';
import { type ReplayPage, startReplayPage } from './replay-page.ts';
import { type ReplayVenue, startReplayVenue } from './replay-venue.ts';
import { Stretch, type StretchParts } from './stretch.ts';
import { type ReplaySummary, summarise, tradedEquity } from './summary.ts';

/** After the last price: how long what is under way may take to come to its end, in market time. */
const LAST_WAIT_MS = MINUTE_MS;

/**
 * Market instants between two collections: often enough that the garbage of a long replay never lies higher than that of a
 * short one, seldom enough to cost a hundredth of its time.
 */
const COLLECT_EVERY_INSTANTS = 600;

/** What a replay is asked for. */
export interface RunReplay {
  readonly options: StartOptions;
  readonly replay: ReplayOptions;
  readonly config: Config;
  readonly state: StateDirectory;
  readonly terminal: Terminal;
  /** An empty database instead of SQLite's file; no checkpoint holds it, so its replay is one stretch. */
  readonly openDb?: StretchParts['openDb'];
}

export interface ReplaySessionParts extends RunReplay {
  readonly coin: string;
  readonly file: ReplayFile;
  readonly identity: string;
  readonly interruption: Interruption;
}

/** One process's part of a replay: from the start or a checkpoint to the end of the file or an interruption. */
export class ReplaySession {
  readonly #parts: ReplaySessionParts;
  readonly #profiler = new Profiler();
  readonly #client = new LoopbackClient();
  readonly #beganMs = performance.now();
  readonly #checkpoints: Checkpoints;
  /** Market time of the stretch at hand, for logs. */
  #clock: Pick<Clock, 'nowMs'> = systemClock;
  readonly #telemetry: ReturnType<typeof createTelemetry>;
  #venue: ReplayVenue | null = null;
  #page: ReplayPage | null = null;
  #stretch: Stretch | null = null;

  constructor(parts: ReplaySessionParts) {
    this.#parts = parts;
    this.#checkpoints = new Checkpoints(parts.state);
    const clock: Clock = { ...systemClock, nowMs: () => this.#clock.nowMs() };
    this.#telemetry = createTelemetry(parts.config, parts.state.logs, clock);
  }

  /** Null when it was interrupted. */
  async run(): Promise<{ readonly summary: ReplaySummary; readonly profile: ReplayProfile } | null> {
    const { config, options, state, file, identity, terminal, replay, coin } = this.#parts;
    const resumed = this.#checkpoints.newest(identity);
    if (resumed) this.#checkpoints.restorePlatform(resumed);
    else state.removeDatabase();
    const venueParts = { config, options, file: file.path, coin, state, fetch: this.#client.fetch };
    const venue = await startReplayVenue(venueParts, resumed?.simulator ?? null);
    this.#venue = venue;
    const page = await startReplayPage(state, this.#telemetry, options.port ?? config.http.port);
    this.#page = page;
    const status = await venue.status(file.startMs);
    const equityStart = resumed?.note.equityStart ?? (await this.#equity(venue));
    terminal.announce([
      ['page', `http://127.0.0.1:${page.port}`],
      ['replay', `${file.path}: ${file.bars} candles of ${replay.symbol}, ${utc(file.startMs)} to ${utc(file.endMs)}`],
      ['state', `${state.path}${resumed ? `, goes on from ${utc(resumed.note.atMs)}` : ''}`],
      ['speed', Number.isFinite(replay.speed) ? `${replay.speed} times real time` : 'as fast as it goes'],
    ]);
    const pace = Number.isFinite(replay.speed) ? timesRealTime(replay.speed, status.nowMs) : atFullSpeed;
    return this.#stretches(venue, page, pace, {
      identity,
      number: (resumed?.note.stretch ?? 0) + 1,
      counts: resumed?.note.counts ?? NO_COUNTS,
      equityStart,
      interruptions: resumed?.note.interruptions ?? 0,
      wallBeforeMs: resumed?.note.wallMs ?? 0,
      status,
    });
  }

  async #stretches(venue: ReplayVenue, page: ReplayPage, pace: Pace, begin: StretchBegin): Promise<Result | null> {
    const { file, replay, interruption, terminal } = this.#parts;
    const progress = new Progress(terminal, { ...file, fromMs: begin.status.nowMs });
    let { number, counts, status } = begin;
    for (;;) {
      const stretch = await this.#beginStretch(venue, pace, number, status);
      page.show(stretch.platform);
      const { clock, driver, platform } = stretch;
      const markMs = slotOf(clock.nowMs(), replay.checkpointEveryMs) + replay.checkpointEveryMs;
      const due = () => clock.nowMs() >= markMs && platform.plumbing.idle();
      let collectAt = COLLECT_EVERY_INSTANTS;
      await driver.runTo(file.endMs, () => {
        progress.show(clock.nowMs(), driver.status.ticks);
        if (driver.advances >= collectAt) {
          collectAt += COLLECT_EVERY_INSTANTS;
          collectGarbage();
        }
        // A checkpoint needs everything at rest; when that takes too long the process ends without one.
        return (interruption.asked && platform.plumbing.idle()) || due();
      });
      if (interruption.asked) {
        stretch.account();
        if (!terminal.quiet)
          for (const line of profileLines(this.#profiler.profile(venue.figures()))) terminal.say(line);
        page.show(null);
        const interruptions = begin.interruptions + 1;
        await this.#checkpoint(stretch, venue, {
          ...begin,
          number,
          counts: addCounts(counts, platform),
          interruptions,
        });
        terminal.say(`interrupted at ${utc(clock.nowMs())}, where the same command goes on`);
        return null;
      }
      if (clock.nowMs() >= file.endMs) {
        const ended = await this.#finish(stretch, venue, counts, begin);
        return ended;
      }
      counts = addCounts(counts, platform);
      page.show(null);
      status = await this.#checkpoint(stretch, venue, { ...begin, number, counts });
      number += 1;
    }
  }

  async #beginStretch(venue: ReplayVenue, pace: Pace, number: number, status: SimulatorStatus): Promise<Stretch> {
    const { config, options, state, openDb } = this.#parts;
    const { logger, redactor } = this.#telemetry;
    const stretch = await Stretch.begin({
      config,
      openDb:
        openDb ??
        (() => openSqlite({ path: state.database, commitAtClose: true, onStatement: this.#profiler.onStatement })),
      telemetry: this.#profiler.observe(logger),
      fetch: this.#client.fetch,
      secrets: await openTradingSecrets({
        dir: PROJECT_DIR,
        exchange: config.exchanges.hyperliquid,
        onRead: (value) => redactor.addSecret(value),
      }),
      venue,
      pace,
      profiler: this.#profiler,
      seed: options.seed,
      number,
      status,
      onClock: (clock) => {
        this.#clock = clock;
      },
    });
    this.#stretch = stretch;
    return stretch;
  }

  /** Stops the platform at this quiet instant, copies all parties, and puts the simulator where a resumed replay would find it. */
  async #checkpoint(stretch: Stretch, venue: ReplayVenue, at: StretchBegin): Promise<SimulatorStatus> {
    const began = performance.now();
    await stretch.end();
    this.#stretch = null;
    const note: CheckpointNote = {
      v: 1,
      identity: at.identity,
      stretch: at.number,
      atMs: stretch.clock.nowMs(),
      counts: at.counts,
      equityStart: at.equityStart,
      interruptions: at.interruptions,
      wallMs: at.wallBeforeMs + performance.now() - this.#beganMs,
    };
    await venue.advance(note.atMs);
    const written = await this.#checkpoints.write(note, (path) => venue.snapshot(path));
    const status = await venue.restore(written.simulator);
    collectGarbage();
    this.#profiler.checkpoints += 1;
    this.#profiler.checkpointMs += performance.now() - began;
    return status;
  }

  /** The last price is through: no new slots and no new prices, and what is under way comes to its end. */
  async #finish(stretch: Stretch, venue: ReplayVenue, before: ReplayCounts, begin: StretchBegin): Promise<Result> {
    const { clock, driver, platform } = stretch;
    const { terminal, file } = this.#parts;
    const { status } = driver;
    platform.plumbing.schedules.stop();
    await driver.runUntilDone(platform.producer.stop(), 'the last prices', clock.nowMs() + LAST_WAIT_MS);
    await driver.runTo(clock.nowMs() + LAST_WAIT_MS, () => platform.plumbing.idle());
    // The last stored equity is the one that the summary tells.
    await driver.runUntilDone(platform.invokeNow('balance'), 'the last balance', clock.nowMs() + LAST_WAIT_MS);
    const ledger = await venue.ledger();
    collectGarbage();
    const summary = await summarise({
      platform,
      counts: addCounts(before, platform),
      status,
      ledger,
      equityStart: begin.equityStart,
      interruptions: begin.interruptions,
      file: file.quality,
      wallMs: begin.wallBeforeMs + performance.now() - this.#beganMs,
    });
    stretch.account();
    terminal.end();
    this.#tellRefusedLines(status, file);
    for (const line of qualityLines(file.quality)) terminal.say(`${file.path}: ${line}`);
    return { summary, profile: this.#profiler.profile(venue.figures()) };
  }

  #tellRefusedLines({ replayRefusals: { count, byCode, samples } }: SimulatorStatus, file: ReplayFile): void {
    if (count === 0) return;
    const codes = Object.entries(byCode).map(([code, n]) => `${n} ${code}`);
    const [first] = samples;
    const sample = first ? `; the first at line ${first.line}: ${JSON.stringify(first.text.slice(0, 60))}` : '';
    this.#parts.terminal.say(`${file.path}: ${count} lines refused (${codes.join(', ')})${sample}`);
    this.#telemetry.logger.log('warn', logEvents.inputDropped, { what: 'csv-line', count, byCode, samples });
  }

  async #equity(venue: ReplayVenue): Promise<string> {
    return tradedEquity(await venue.ledger(), this.#parts.config);
  }

  /** Keeps page and state as they are until Ctrl-C. */
  async stay(): Promise<void> {
    this.#parts.terminal.say('the replay has ended; the page stays until Ctrl-C');
    await this.#parts.interruption.wait();
  }

  async close(): Promise<void> {
    this.#parts.terminal.end();
    await this.#page?.close();
    await this.#stretch?.abandon();
    await this.#venue?.stop();
    this.#client.close();
    this.#telemetry.file.close();
  }
}

interface StretchBegin {
  readonly identity: string;
  readonly number: number;
  readonly counts: ReplayCounts;
  readonly equityStart: string;
  readonly interruptions: number;
  readonly wallBeforeMs: number;
  readonly status: SimulatorStatus;
}

type Result = { readonly summary: ReplaySummary; readonly profile: ReplayProfile };

const utc = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
