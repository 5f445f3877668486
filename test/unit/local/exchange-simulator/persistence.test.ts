import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ExchangeSimulator } from '#local/exchange-simulator/exchange-simulator.ts';
import { faultScriptSchema } from '#local/exchange-simulator/faults/fault-script.ts';
import { cashDifference, ledgerReport } from '#local/exchange-simulator/server/control.ts';
import { TEST_SIGNERS } from '#local/exchange-simulator/signers/test-accounts.ts';
import { approveAgent } from '#local/exchange-simulator/venue/agents.ts';
import { cloidOf, MAIN, orderAction, SimulatorClient } from '#test/support/simulator-client.ts';

const folder = mkdtempSync(join(tmpdir(), 'simulator-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newPath = () => {
  files += 1;
  return join(folder, `${files}.sqlite`);
};

function worked(statePath: string | null) {
  const simulator = new ExchangeSimulator({ historyMinutes: 90, statePath });
  simulator.advance(simulator.nowMs() + 70_000);
  const client = new SimulatorClient(simulator);
  simulator.installFaults(faultScriptSchema.parse([{ id: 'x', kind: 'http-429', nth: 3, match: { type: 'meta' } }]));
  const px = String(Math.round(client.mid('BTC') * 1.02));
  client.order({ px, sz: '0.01', cloid: cloidOf(1) });
  client.order({ px: '50000', sz: '0.01', tif: 'Gtc', cloid: cloidOf(2) });
  client.exchange({ type: 'updateLeverage', asset: 1, isCross: false, leverage: 7 });
  client.order({ asset: 1, px: String(Math.round(client.mid('ETH') * 1.02)), sz: '0.3' });
  const approved = { name: 'another', validUntilMs: simulator.nowMs() + 86_400_000 };
  simulator.change((world) => {
    const account = world.accounts.get(MAIN)!;
    account.builderFees.set(TEST_SIGNERS.secondMaster.address, 10);
    return approveAgent(world, account, TEST_SIGNERS.stranger.address, approved);
  });
  client.order({ px: '50001', sz: '0.01', tif: 'Gtc', cloid: cloidOf(3) }, { signer: TEST_SIGNERS.stranger });
  client.exchange({ type: 'cancelByCloid', cancels: [{ asset: 0, cloid: cloidOf(3) }] });
  client.info({ type: 'meta' });
  return { simulator, client, px };
}

/** Everything a client, or a judge, can see. */
function view(simulator: ExchangeSimulator) {
  const client = new SimulatorClient(simulator);
  const ask = (type: string, more: Record<string, unknown> = {}) => client.info({ type, user: MAIN, ...more });
  const req = { coin: 'BTC', interval: '5m', startTime: 0, endTime: simulator.nowMs() };
  const frames: unknown[] = [];
  const socket = simulator.connect({ frame: (text) => frames.push(JSON.parse(text)), close() {} });
  socket?.onMessage('{"method":"subscribe","subscription":{"type":"trades","coin":"BTC"}}');
  socket?.close();
  return {
    state: ask('clearinghouseState'),
    open: ask('openOrders'),
    fills: ask('userFills'),
    updates: ask('userNonFundingLedgerUpdates'),
    candles: ask('candleSnapshot', { req }),
    weeks: ask('candleSnapshot', { req: { ...req, interval: '1w' } }),
    contexts: ask('metaAndAssetCtxs'),
    history: ask('historicalOrders'),
    fees: ask('userFees'),
    limit: ask('userRateLimit'),
    agents: ask('extraAgents'),
    portfolio: ask('portfolio'),
    rates: ask('fundingHistory', { coin: 'BTC', startTime: 0 }),
    builder: ask('maxBuilderFee', { builder: TEST_SIGNERS.secondMaster.address }),
    mids: ask('allMids'),
    book: ask('l2Book', { coin: 'ETH' }),
    ledger: ledgerReport(simulator.world, simulator.faults.fired),
    frames,
    next: simulator.nextEventAtMs(),
  };
}

describe('state file', () => {
  it('holds everything that was answered, without a clean end', () => {
    const statePath = newPath();
    const { simulator } = worked(statePath);
    const before = view(simulator);
    // No close(): the second simulator reads what the first one left behind, as after kill -9.
    const second = new ExchangeSimulator({ historyMinutes: 90, statePath });
    expect(view(second)).toEqual(before);
    second.close();
  });

  it('refuses after a restart the nonce and the client order id that it accepted before', () => {
    const statePath = newPath();
    const { simulator, client, px } = worked(statePath);
    const nonce = simulator.nowMs() + 500;
    expect(client.exchange({ type: 'noop' }, { nonce }).status).toBe('ok');
    const second = new ExchangeSimulator({ historyMinutes: 90, statePath });
    const again = new SimulatorClient(second);
    expect(again.exchange({ type: 'noop' }, { nonce }).response).toMatch(/duplicate nonce/);
    const order = orderAction({ px, sz: '0.01', cloid: cloidOf(1) });
    const answer = again.exchange(order, { nonce: nonce + 1 });
    expect(answer.response.data.statuses[0].error).toMatch(/^Duplicate client order id/);
    second.close();
  });

  it('goes on with the same market as one that was never stopped', () => {
    const statePath = newPath();
    const { simulator } = worked(statePath);
    const second = new ExchangeSimulator({ historyMinutes: 90, statePath });
    const later = simulator.nowMs() + 120_000;
    second.advance(later);
    second.close();
    simulator.advance(later);
    const third = new ExchangeSimulator({ historyMinutes: 90, statePath });
    expect(view(third)).toEqual(view(simulator));
    third.close();
  });

  it.each([[true], [false]])('restores a snapshot (state file: %s)', (withFile) => {
    const { simulator } = worked(withFile ? newPath() : null);
    const snapshot = newPath();
    simulator.snapshot(snapshot);
    const at = view(simulator);
    const ahead = (to: number) => {
      simulator.advance(to);
      return view(simulator);
    };
    const later = simulator.nowMs() + 60_000;
    const future = ahead(later);
    simulator.restore(snapshot);
    expect(view(simulator)).toEqual(at);
    expect(ahead(later)).toEqual(future);
    expect(cashDifference(simulator.world).toFixed()).toBe('0');
    simulator.close();
  });

  it('says which file it cannot open', () => {
    expect(() => new ExchangeSimulator({ statePath: join(folder, 'no', 'such', 'folder.sqlite') })).toThrow(/open/);
  });
});
