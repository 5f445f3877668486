import { timingSafeEqual } from 'node:crypto';
import type * as z from 'zod';
import { collectGarbage } from '#local/collect-garbage.ts';
import type { ExchangeSimulator } from '../exchange-simulator.ts';
import { compareWithTargets } from '../venue/ledger.ts';
import {
  accountModeSchema,
  advanceSchema,
  applyTransfer,
  faultsSchema,
  ledgerReport,
  manualOrder,
  manualOrderSchema,
  pathSchema,
  setAccountMode,
  targetsSchema,
  transferSchema,
  vanishPosition,
  vanishSchema,
} from './control.ts';

export interface ControlReply {
  readonly status: number;
  readonly body: string;
}

const reply = (status: number, value: unknown): ControlReply => ({ status, body: JSON.stringify(value) });

/** Where the simulator stands; also the answer of `advance`. */
export function statusOf(simulator: ExchangeSimulator) {
  return {
    nowMs: simulator.nowMs(),
    nextMarketAtMs: simulator.nextMarketAtMs(),
    nextEventAtMs: simulator.nextEventAtMs(),
    /** Frames sent so far per open socket. */
    framesSent: simulator.wire.sockets.framesSent(),
    /** Trades of the crowd so far, and bars of the file that they came from. */
    ticks: simulator.world.markets.reduce((sum, market) => sum + market.ticks, 0),
    bars: simulator.source.bars(),
    replayRefusals: simulator.source.refusals(),
    mode: simulator.options.mode,
  };
}

/** `POST /control/<verb>` with a JSON body; the same verbs are functions of this module and of the simulator. */
export function answerControl(
  simulator: ExchangeSimulator,
  token: string,
  request: { readonly path: string; readonly body: string; readonly token: string | undefined },
): ControlReply {
  if (!sameText(request.token ?? '', token)) return reply(401, { error: 'wrong control token' });
  let body: unknown;
  try {
    body = request.body === '' ? {} : JSON.parse(request.body);
  } catch {
    return reply(400, { error: 'the body is not JSON' });
  }
  const withBody = <T>(schema: z.ZodType<T>, run: (input: T) => unknown): ControlReply => {
    const parsed = schema.safeParse(body);
    if (!parsed.success) return reply(400, { error: 'bad request', issues: parsed.error.issues.slice(0, 10) });
    return reply(200, run(parsed.data));
  };
  switch (request.path.slice('/control/'.length)) {
    case 'status':
      return reply(200, statusOf(simulator));
    case 'advance':
      if (simulator.options.mode !== 'stepped') return reply(409, { error: 'the simulator follows the clock' });
      return withBody(advanceSchema, ({ toMs }) => {
        simulator.advance(toMs);
        return statusOf(simulator);
      });
    case 'faults':
      return withBody(faultsSchema, ({ faults }) => {
        simulator.installFaults(faults);
        return { installed: faults.length };
      });
    case 'ledger':
      return reply(200, ledgerReport(simulator.world, simulator.faults.fired));
    case 'targets':
      return withBody(targetsSchema, ({ targets }) => compareWithTargets(simulator.world, targets));
    case 'transfer':
      return withBody(transferSchema, (transfer) => {
        const problem = simulator.change((world) => applyTransfer(world, transfer));
        return problem === null ? { ok: true } : { ok: false, problem };
      });
    case 'account-mode':
      return withBody(accountModeSchema, (change) => {
        const problem = simulator.change((world) => setAccountMode(world, change));
        return problem === null ? { ok: true } : { ok: false, problem };
      });
    case 'manual-order':
      return withBody(manualOrderSchema, (order) => simulator.change((world) => manualOrder(world, order)));
    case 'vanish':
      return withBody(vanishSchema, (gone) => ({ size: simulator.change((world) => vanishPosition(world, gone)) }));
    case 'snapshot':
      return withBody(pathSchema, ({ path }) => {
        simulator.snapshot(path);
        collectGarbage();
        return { ok: true, nowMs: simulator.nowMs() };
      });
    case 'restore':
      return withBody(pathSchema, ({ path }) => {
        simulator.restore(path);
        // What stood here before is garbage now, and as much as what replaced it.
        collectGarbage();
        return statusOf(simulator);
      });
    default:
      return reply(404, { error: 'unknown control verb' });
  }
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
