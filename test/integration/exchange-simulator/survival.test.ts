import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { TEST_SIGNERS } from '#local/exchange-simulator/signers/test-accounts.ts';
import { signL1 } from '#local/exchange-simulator/wire/hyperliquid/l1-signature.ts';
import { cloidOf, MAIN, orderAction } from '#test/support/simulator-client.ts';
import { type SimulatorProcess, startSimulator } from './simulator-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'simulator-process-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function send(simulator: SimulatorProcess, n: number, nonce: number) {
  const action = orderAction({ px: '30000', sz: '0.001', tif: 'Gtc', cloid: cloidOf(n) });
  const envelope = { action, nonce, vaultAddress: null, expiresAfter: null };
  const signature = signL1(envelope, 'a', TEST_SIGNERS.mainAgent.privateKey);
  return simulator.post('/exchange', { action, nonce, signature });
}
const statusOf = async (simulator: SimulatorProcess, n: number) =>
  (await simulator.post('/info', { type: 'orderStatus', user: MAIN, oid: cloidOf(n) })).json;

describe('the simulator process', () => {
  it('has every acknowledged order after kill -9, wherever the kill fell', async () => {
    const state = join(folder, 'killed.sqlite');
    const acknowledged: number[] = [];
    let n = 0;
    for (const ordersBeforeKill of [1, 5, 12]) {
      const simulator = await startSimulator('--state', state, '--history-minutes', '10');
      const first = Date.now();
      const sends = Array.from({ length: ordersBeforeKill + 5 }, (_, i) => {
        n += 1;
        const id = n;
        return send(simulator, id, first + i).then(
          () => acknowledged.push(id) === ordersBeforeKill && simulator.child.kill('SIGKILL'),
          () => 'the kill came first',
        );
      });
      await Promise.all(sends);
      await simulator.kill('SIGKILL');
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(3);
    const survivor = await startSimulator('--state', state, '--history-minutes', '10');
    for (const id of acknowledged) expect(await statusOf(survivor, id)).toMatchObject({ status: 'order' });
    expect(await survivor.kill('SIGTERM')).toBe(0);
  });

  it('steps a replay over HTTP, resumes it after kill -9 at the same instant, and needs the token', async () => {
    const state = join(folder, 'stepped.sqlite');
    const flags = ['--replay', 'test/fixtures/candles/eight-bars.csv', '--state', state, '--control-token', 'secret'];
    const first = await startSimulator(...flags);
    const denied = await fetch(`${first.httpUrl}/control/advance`, { method: 'POST', body: '{}' });
    expect(denied.status).toBe(401);
    type Status = { nowMs: number; nextMarketAtMs: number | null };
    const advance = async (s: SimulatorProcess) => (await s.post('/control/advance', {})).json as Status;
    const instants: number[] = [];
    for (let i = 0; i < 5; i += 1) instants.push((await advance(first)).nowMs);
    await first.kill('SIGKILL');
    const second = await startSimulator(...flags);
    let status = (await second.post('/control/status', {})).json as Status;
    expect(status.nowMs).toBe(instants.at(-1));
    while (status.nextMarketAtMs !== null) {
      status = await advance(second);
      instants.push(status.nowMs);
    }
    const gaps = instants.slice(1).map((ms, i) => ms - (instants[i] as number));
    expect(gaps).toEqual(
      Array.from({ length: 8 }, () => [20_000, 20_000, 19_000, 1_000])
        .flat()
        .slice(0, 31),
    );
    const req = { coin: 'BTC', interval: '1m', startTime: 0, endTime: status.nowMs };
    expect((await second.post('/info', { type: 'candleSnapshot', req })).json).toHaveLength(8);
    await second.kill('SIGTERM');
  });

  it('ends by itself with its parent when asked to', async () => {
    const simulator = await startSimulator('--exit-with-parent', '--history-minutes', '1');
    const ended = new Promise((resolve) => simulator.child.once('exit', resolve));
    simulator.child.stdin?.end();
    expect(await ended).toBe(0);
  });

  it('says in one line what is wrong, and exits 1', async () => {
    await expect(startSimulator('--replay', 'no-such-file.csv')).rejects.toThrow('ended with 1');
    await expect(startSimulator('--state', '/no/such/folder/x.sqlite')).rejects.toThrow('ended with 1');
  });
});
