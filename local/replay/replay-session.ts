import type { Config } from '#config/schema.ts';
import { openSqlite } from '#shared/adapters/sql/open-database.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import { MINUTE_MS, slotOf } from '#shared/core/time.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { logEvents } from '#shared/telemetry/names.ts';
import { collectGarbage } from '../collect-garbage.ts';
import { PROJECT_DIR } from '../embedded.ts';
import type { ReplayOptions, StartOptions } from '../start-options.ts';
import type { StateDirectory } from '../state-directory.ts';
import { createTelemetry } from '../telemetry-setup.ts';
import type { Terminal } from '../terminal.ts';
import { openTradingSecrets } from '../trading-secrets.ts';
import { type CheckpointNote, Checkpoints } from './checkpoint.ts';
import { qualityLines } from './file-quality.ts';
import type { Interruption } from './interruption.ts';
import { atFullSpeed, type Pace, timesRealTime } from './market-driver.ts';
import { Profiler, profileLines, type ReplayProfile } from './profile.ts';
import { Progress } from './progress.ts';
import { addCounts, NO_COUNTS, type ReplayCounts } from './replay-counts.ts';
import type { ReplayFile } from './replay-file.ts';
import { type ReplayPage, startReplayPage } from './replay-page.ts';
import { ReplaySimulator, type ReplayStatus } from './replay-simulator.ts';
import { Segment, type SegmentParts } from './segment.ts';
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
  /** An empty database instead of SQLite's file; no checkpoint holds it, so its replay is one segment. */
  readonly openDb?: SegmentParts['openDb'];
  readonly quiesce?: SegmentParts['quiesce'];
}

export interface ReplaySessionParts extends RunReplay {
  /** What the venue calls the market that the file prices. */
  readonly venueSymbol: string;
  readonly file: ReplayFile;
  readonly identity: string;
  readonly interruption: Interruption;
}

/** One process's part of a replay: from the start or a checkpoint to the end of the file or an interruption. */
export class ReplaySession {
  readonly #parts: ReplaySessionParts;
  readonly #profiler = new Profiler();
  readonly #beganMs = performance.now();
  readonly #checkpoints: Checkpoints;
  /** Market time of the segment at hand, for logs. */
  #clock: Pick<Clock, 'nowMs'> = systemClock;
  readonly #telemetry: ReturnType<typeof createTelemetry>;
  #simulator: ReplaySimulator | null = null;
  #page: ReplayPage | null = null;
  #segment: Segment | null = null;

  constructor(parts: ReplaySessionParts) {
    this.#parts = parts;
    this.#checkpoints = new Checkpoints(parts.state);
    const clock: Clock = { ...systemClock, nowMs: () => this.#clock.nowMs() };
    this.#telemetry = createTelemetry(parts.config, parts.state.logs, clock);
  }

  /** Null when it was interrupted. */
  async run(): Promise<{ readonly summary: ReplaySummary; readonly profile: ReplayProfile } | null> {
    const { config, options, state, file, identity, terminal, replay, venueSymbol } = this.#parts;
    const resumed = this.#checkpoints.newest(identity);
    if (resumed) this.#checkpoints.restorePlatform(resumed);
    else state.removeDatabase();
    const simulator = new ReplaySimulator(
      { file: file.path, venueSymbol, fromMs: replay.fromMs ?? null, seed: options.seed },
      resumed?.simulator ?? null,
    );
    this.#simulator = simulator;
    const page = await startReplayPage(state, this.#telemetry, options.port ?? config.http.port);
    this.#page = page;
    simulator.advance(file.startMs);
    const equityStart = resumed?.note.equityStart ?? tradedEquity(simulator.ledger(), config);
    terminal.announce([
      ['page', `http://127.0.0.1:${page.port}`],
      ['replay', `${file.path}: ${file.bars} candles of ${replay.symbol}, ${utc(file.startMs)} to ${utc(file.endMs)}`],
      ['state', `${state.path}${resumed ? `, goes on from ${utc(resumed.note.atMs)}` : ''}`],
      ['speed', Number.isFinite(replay.speed) ? `${replay.speed} times real time` : 'as fast as it goes'],
    ]);
    const pace = Number.isFinite(replay.speed) ? timesRealTime(replay.speed, simulator.nowMs()) : atFullSpeed;
    return this.#segments(simulator, page, pace, {
      identity,
      number: (resumed?.note.segment ?? 0) + 1,
      counts: resumed?.note.counts ?? NO_COUNTS,
      equityStart,
      interruptions: resumed?.note.interruptions ?? 0,
      wallBeforeMs: resumed?.note.wallMs ?? 0,
    });
  }

  async #segments(
    simulator: ReplaySimulator,
    page: ReplayPage,
    pace: Pace,
    begin: SegmentBegin,
  ): Promise<Result | null> {
    const { file, replay, interruption, terminal } = this.#parts;
    const progress = new Progress(terminal, { ...file, fromMs: simulator.nowMs() });
    let { number, counts } = begin;
    for (;;) {
      const segment = await this.#beginSegment(simulator, pace, number);
      page.show(segment.platform);
      const { clock, driver, platform } = segment;
      const markMs = slotOf(clock.nowMs(), replay.checkpointEveryMs) + replay.checkpointEveryMs;
      const due = () => clock.nowMs() >= markMs && platform.plumbing.idle();
      let collectAt = COLLECT_EVERY_INSTANTS;
      await driver.runTo(file.endMs, () => {
        progress.show(clock.nowMs(), simulator.ticks());
        if (driver.advances >= collectAt) {
          collectAt += COLLECT_EVERY_INSTANTS;
          collectGarbage();
        }
        // A checkpoint needs everything at rest; when that takes too long the process ends without one.
        return (interruption.asked && platform.plumbing.idle()) || due();
      });
      if (interruption.asked) {
        segment.account();
        if (!terminal.quiet) for (const line of profileLines(this.#profiler.profile(simulator))) terminal.say(line);
        page.show(null);
        const interruptions = begin.interruptions + 1;
        await this.#checkpoint(segment, simulator, {
          ...begin,
          number,
          counts: addCounts(counts, platform),
          interruptions,
        });
        terminal.say(`interrupted at ${utc(clock.nowMs())}, where the same command goes on`);
        return null;
      }
      if (clock.nowMs() >= file.endMs) {
        return this.#finish(segment, simulator, counts, begin);
      }
      counts = addCounts(counts, platform);
      page.show(null);
      await this.#checkpoint(segment, simulator, { ...begin, number, counts });
      number += 1;
    }
  }

  async #beginSegment(simulator: ReplaySimulator, pace: Pace, number: number): Promise<Segment> {
    const { config, options, state, openDb } = this.#parts;
    const { logger, redactor } = this.#telemetry;
    const segment = await Segment.begin({
      config,
      openDb:
        openDb ??
        (() => openSqlite({ path: state.database, commitAtClose: true, onStatement: this.#profiler.onStatement })),
      telemetry: this.#profiler.observe(logger),
      quiesce: this.#parts.quiesce,
      secrets: await openTradingSecrets({
        dir: PROJECT_DIR,
        exchanges: Object.values(config.exchanges),
        onRead: (value) => redactor.addSecret(value),
      }),
      simulator,
      pace,
      profiler: this.#profiler,
      seed: options.seed,
      number,
      onClock: (clock) => {
        this.#clock = clock;
      },
    });
    this.#segment = segment;
    return segment;
  }

  /** Stops the platform at this quiet instant, copies all parties, and puts the simulator where a resumed replay would find it. */
  async #checkpoint(segment: Segment, simulator: ReplaySimulator, at: SegmentBegin): Promise<void> {
    const began = performance.now();
    await segment.end();
    this.#segment = null;
    const note: CheckpointNote = {
      v: 1,
      identity: at.identity,
      segment: at.number,
      atMs: segment.clock.nowMs(),
      counts: at.counts,
      equityStart: at.equityStart,
      interruptions: at.interruptions,
      wallMs: at.wallBeforeMs + performance.now() - this.#beganMs,
    };
    this.#checkpoints.write(note, (path) => simulator.checkpoint(path));
    collectGarbage();
    this.#profiler.checkpoints += 1;
    this.#profiler.checkpointMs += performance.now() - began;
  }

  /** The last price is through: no new slots and no new prices, and what is under way comes to its end. */
  async #finish(
    segment: Segment,
    simulator: ReplaySimulator,
    before: ReplayCounts,
    begin: SegmentBegin,
  ): Promise<Result> {
    const { clock, driver, platform } = segment;
    const { terminal, file } = this.#parts;
    const status = simulator.status();
    platform.plumbing.schedules.stop();
    await driver.runUntilDone(platform.stopFeeds(), 'the last prices', clock.nowMs() + LAST_WAIT_MS);
    await driver.runTo(clock.nowMs() + LAST_WAIT_MS, () => platform.plumbing.idle());
    // The last stored equity is the one that the summary tells.
    await driver.runUntilDone(platform.invokeNow('balance'), 'the last balance', clock.nowMs() + LAST_WAIT_MS);
    const ledger = simulator.ledger();
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
    segment.account();
    terminal.end();
    this.#tellRefusedLines(status, file);
    for (const line of qualityLines(file.quality)) terminal.say(`${file.path}: ${line}`);
    return { summary, profile: this.#profiler.profile(simulator) };
  }

  #tellRefusedLines({ replayRefusals: { count, byCode, samples } }: ReplayStatus, file: ReplayFile): void {
    if (count === 0) return;
    const codes = Object.entries(byCode).map(([code, n]) => `${n} ${code}`);
    const [first] = samples;
    const sample = first ? `; the first at line ${first.line}: ${JSON.stringify(first.text.slice(0, 60))}` : '';
    this.#parts.terminal.say(`${file.path}: ${count} lines refused (${codes.join(', ')})${sample}`);
    this.#telemetry.logger.log('warn', logEvents.inputDropped, { what: 'csv-line', count, byCode, samples });
  }

  /** Keeps page and state as they are until Ctrl-C. */
  async stay(): Promise<void> {
    this.#parts.terminal.say('the replay has ended; the page stays until Ctrl-C');
    await this.#parts.interruption.wait();
  }

  async close(): Promise<void> {
    this.#parts.terminal.end();
    await this.#page?.close();
    await this.#segment?.abandon();
    this.#simulator?.close();
    this.#telemetry.file.close();
  }
}

interface SegmentBegin {
  readonly identity: string;
  readonly number: number;
  readonly counts: ReplayCounts;
  readonly equityStart: string;
  readonly interruptions: number;
  readonly wallBeforeMs: number;
}

type Result = { readonly summary: ReplaySummary; readonly profile: ReplayProfile };

const utc = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
