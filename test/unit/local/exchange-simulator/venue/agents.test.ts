import { describe, expect, it } from 'vitest';
import { ExchangeSimulator } from '#local/exchange-simulator/exchange-simulator.ts';
import { TEST_SIGNERS } from '#local/exchange-simulator/signers/test-accounts.ts';
import { agentNamed, approveAgent } from '#local/exchange-simulator/venue/agents.ts';
import { MAIN, SimulatorClient } from '#test/support/simulator-client.ts';

const DAY_MS = 86_400_000;
const { stranger, mainAgent } = TEST_SIGNERS;
const addressOf = (n: number) => `0x${n.toString(16).padStart(40, 'a')}`;
const NOBODY = `0x${'0'.repeat(40)}`;

function prepare() {
  const simulator = new ExchangeSimulator({ historyMinutes: 1, ticksPerSecond: 0.01 });
  const client = new SimulatorClient(simulator);
  const approve = (address: string, name = 'mine', validUntilMs = simulator.nowMs() + DAY_MS) =>
    approveAgent(simulator.world, simulator.world.accounts.get(MAIN)!, address, { name, validUntilMs });
  const signsAs = (signer: { address: string; privateKey: string }) => client.exchange({ type: 'noop' }, { signer });
  const names = () => client.info({ type: 'extraAgents', user: MAIN }).map((agent: { name: string }) => agent.name);
  return { simulator, client, approve, signsAs, names };
}
const isNobody = ({ address }: { address: string }) => ({
  status: 'err',
  response: `User or API Wallet ${address} does not exist.`,
});

describe('agents', () => {
  it('sign for their account until they are replaced under their name, removed, or their time is over', () => {
    const { simulator, approve, signsAs, names } = prepare();
    expect(approve(stranger.address)).toBeNull();
    expect(signsAs(stranger).status).toBe('ok');
    expect(approve(addressOf(1))).toBeNull();
    expect([signsAs(stranger), names()]).toEqual([isNobody(stranger), ['main-1', 'mine']]);
    expect(approve(NOBODY)).toBeNull();
    expect(names()).toEqual(['main-1']);
    expect(approve(stranger.address, 'short', simulator.nowMs() + 60_000)).toBeNull();
    simulator.advance(simulator.nowMs() + 60_000);
    expect([signsAs(stranger), names()]).toEqual([isNobody(stranger), ['main-1']]);
    expect(signsAs(mainAgent).status).toBe('ok');
  });

  it('are three with a name and one without, which is not listed, and never the same address twice', () => {
    const { approve, names } = prepare();
    expect([approve(addressOf(1), 'one'), approve(addressOf(2), 'two'), approve(addressOf(3), '')]).toEqual([
      null,
      null,
      null,
    ]);
    expect(approve(addressOf(4), 'four')).toMatch(/^Too many extra agents/);
    expect(approve(addressOf(1), 'one')).toBe('Extra agent already used.');
    expect(names()).toEqual(['main-1', 'one', 'two']);
  });

  it.each([
    ['mine', { name: 'mine', validUntilMs: 1_000 + 90 * DAY_MS }],
    [`mine valid_until ${1_000 + DAY_MS}`, { name: 'mine', validUntilMs: 1_000 + DAY_MS }],
    ['mine valid_until 999', 'Agent valid_until already expired.'],
    [`mine valid_until ${1_001 + 180 * DAY_MS}`, 'Agent valid_until already expired.'],
  ])('carry their end in their name: %s', (text, read) => {
    expect(agentNamed(text, 1_000)).toEqual(read);
  });
});
