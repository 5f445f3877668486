import { describe, expect, it } from 'vitest';
import { ExchangeSimulator } from '#local/exchange-simulator/exchange-simulator.ts';
import { faultScriptSchema } from '#local/exchange-simulator/faults/fault-script.ts';
import { runOnClock } from '#local/exchange-simulator/run-on-clock.ts';
import { answerControl } from '#local/exchange-simulator/server/control-endpoint.ts';
import { createSimulatorFetch } from '#local/exchange-simulator/server/simulator-fetch.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { MAIN, SimulatorClient } from '#test/support/simulator-client.ts';

const START = 1_700_000_000_000;

/** The smallest clock that can drive a simulator: timers fire in order, only when told to. */
function handClock() {
  let nowMs = START;
  let timers: { atMs: number; run: () => void }[] = [];
  const clock: Clock = {
    nowMs: () => nowMs,
    setTimer(delayMs, run) {
      const timer = { atMs: nowMs + delayMs, run };
      timers.push(timer);
      return {
        cancel() {
          timers = timers.filter((t) => t !== timer);
        },
      };
    },
    sleep: () => Promise.reject(new Error('not used')),
  };
  const runTo = (toMs: number) => {
    for (;;) {
      const next = [...timers].sort((a, b) => a.atMs - b.atMs)[0];
      if (!next || next.atMs > toMs) break;
      timers = timers.filter((t) => t !== next);
      nowMs = Math.max(nowMs, next.atMs);
      next.run();
    }
    nowMs = toMs;
  };
  const jump = (toMs: number) => {
    nowMs = toMs;
  };
  return { clock, runTo, jump, timers: () => timers.length };
}
const ticksOf = (simulator: ExchangeSimulator) =>
  simulator.world.markets.reduce((sum, market) => sum + market.ticks, 0);

describe('market time', () => {
  it('is the same stepped at once, in small steps, or driven by a clock', () => {
    const whole = new ExchangeSimulator({ nowMs: () => START });
    whole.advance(START + 30_000);
    const small = new ExchangeSimulator({ nowMs: () => START });
    for (let ms = 7; ms < 30_000; ms += 7) small.advance(START + ms);
    small.advance(START + 30_000);
    const { clock, runTo, timers } = handClock();
    const driven = new ExchangeSimulator({ nowMs: clock.nowMs, mode: 'clock' });
    const driver = runOnClock(driven, clock);
    runTo(START + 30_000);
    const seen = (simulator: ExchangeSimulator) => [
      ticksOf(simulator),
      new SimulatorClient(simulator).info({ type: 'allMids' }),
    ];
    expect(ticksOf(whole)).toBeGreaterThan(1_000);
    expect(seen(small)).toEqual(seen(whole));
    expect(seen(driven)).toEqual(seen(whole));
    expect(timers()).toBe(1);
    driver.stop();
    expect(timers()).toBe(0);
  });

  it('drops what a sleeping machine missed under a clock, and nothing in stepped mode', () => {
    const { clock, jump } = handClock();
    const slept = new ExchangeSimulator({ nowMs: clock.nowMs, mode: 'clock', maxLagMs: 5_000 });
    jump(START + 3_600_000);
    slept.pump();
    expect(ticksOf(slept)).toBe(0);
    expect(slept.nextMarketAtMs()).toBeGreaterThanOrEqual(START + 3_600_000);
    const stepped = new ExchangeSimulator({ nowMs: () => START, maxLagMs: 5_000 });
    stepped.advance(START + 60_000);
    expect(ticksOf(stepped)).toBeGreaterThan(2_000);
  });
});

describe('createSimulatorFetch', () => {
  const ask = (simulator: ExchangeSimulator, signal?: AbortSignal) =>
    createSimulatorFetch(simulator)('http://sim.invalid/info', {
      method: 'POST',
      body: JSON.stringify({ type: 'clearinghouseState', user: MAIN }),
      ...(signal ? { signal } : {}),
    });
  const prepare = (fault: Record<string, unknown>) => {
    const simulator = new ExchangeSimulator({ nowMs: () => START });
    simulator.installFaults(faultScriptSchema.parse([{ id: 'x', ...fault }]));
    return simulator;
  };

  it('releases a delayed answer in market time', async () => {
    const simulator = prepare({ kind: 'latency', delayMs: 900 });
    let status = 0;
    const answer = ask(simulator).then((response) => {
      status = response.status;
    });
    simulator.advance(START + 899);
    await Promise.resolve();
    expect(status).toBe(0);
    simulator.advance(START + 900);
    await answer;
    expect(status).toBe(200);
  });

  it('breaks a connection at its time, and obeys the abort signal of one that hangs', async () => {
    const simulator = prepare({ kind: 'accept-then-timeout', resetAfterMs: 100 });
    const broken = ask(simulator);
    simulator.advance(START + 100);
    await expect(broken).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    const controller = new AbortController();
    const hanging = ask(simulator, controller.signal);
    controller.abort(new Error('too long'));
    await expect(hanging).rejects.toThrow('too long');
  });
});

describe('control', () => {
  const simulator = new ExchangeSimulator({ nowMs: () => START });
  const call = (verb: string, body: unknown, token = 'secret') => {
    const reply = answerControl(simulator, 'secret', { path: `/control/${verb}`, body: JSON.stringify(body), token });
    return { status: reply.status, json: JSON.parse(reply.body) };
  };

  it('needs its token, and answers coded problems to bad bodies and verbs', () => {
    expect(call('status', {}, 'wrong').status).toBe(401);
    expect(call('nothing', {}).status).toBe(404);
    expect(call('advance', { toMs: 'soon' }).status).toBe(400);
    expect(call('faults', { faults: [{ id: 'x', kind: 'earthquake' }] }).status).toBe(400);
  });

  it('deposits, withdraws what may be withdrawn, and nothing more', () => {
    const move = (amountQuote: string) => call('transfer', { user: MAIN, amountQuote }).json;
    expect(move('500')).toEqual({ ok: true });
    expect(move('-10500')).toEqual({ ok: true });
    expect(move('-0.01')).toEqual({ ok: false, problem: 'not-withdrawable' });
    const state = new SimulatorClient(simulator).info({ type: 'clearinghouseState', user: MAIN });
    expect(state.withdrawable).toBe('0.0');
  });

  it('tells with every step how many frames each socket was sent', () => {
    let received = 0;
    const socket = simulator.connect({ frame: () => (received += 1), close() {} })!;
    socket.onMessage('{"method":"subscribe","subscription":{"type":"trades","coin":"SOL"}}');
    const { json } = call('advance', { toMs: START + 10_000 });
    expect(json.framesSent).toEqual({ [socket.id]: received });
    expect(json).toMatchObject({ nowMs: START + 10_000, mode: 'stepped' });
    expect(json.nextMarketAtMs).toBeGreaterThan(START + 10_000);
  });
});
