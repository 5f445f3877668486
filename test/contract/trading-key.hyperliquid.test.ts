import { afterEach, describe, expect, it } from 'vitest';
import { faultScriptSchema } from '#local/exchange-simulator/faults/fault-script.ts';
import {
  type AccountSpec,
  TEST_ACCOUNTS,
  TEST_SIGNERS,
  type TestSigner,
} from '#local/exchange-simulator/signers/test-accounts.ts';
import { approveAgent } from '#local/exchange-simulator/venue/agents.ts';
import { hyperliquidOnSimulator } from '#test/support/hyperliquid-on-simulator.ts';

const DAY = 86_400_000;
const MAIN = TEST_ACCOUNTS[0] as AccountSpec;

/** What the venue knows of a key, asked by the real adapter. */
describe('checkKey of hyperliquid on the simulator', () => {
  let close = async () => {};
  afterEach(() => close());
  function withKey(privateKey: string, account: { vaultAddress?: string } = {}) {
    const { simulator, hyperliquid } = hyperliquidOnSimulator({
      accounts: [{ name: 'main', address: MAIN.address, tradingKeySecret: 'agent', ...account }],
      secrets: { get: async () => privateKey },
    });
    close = () => hyperliquid.close();
    const check = () => {
      if (!hyperliquid.orderVenue) throw new Error('built without secrets');
      return hyperliquid.orderVenue.checkKey('main');
    };
    return { simulator, check };
  }
  const approve = ({ simulator }: ReturnType<typeof withKey>, { address }: TestSigner, validUntilMs: number) => {
    const { world } = simulator;
    const account = world.accounts.get(MAIN.address);
    expect(account && approveAgent(world, account, address, { name: 'bot', validUntilMs })).toBeNull();
  };

  it('is well for an agent of the account, and for the account itself', async () => {
    expect(await withKey(TEST_SIGNERS.mainAgent.privateKey).check()).toEqual({ kind: 'ok', validUntilMs: null });
    expect(await withKey(TEST_SIGNERS.mainMaster.privateKey).check()).toEqual({ kind: 'ok', validUntilMs: null });
  });

  it.each([
    ['nobody', TEST_SIGNERS.stranger.privateKey, /no agent of any account/],
    ['the agent of another account', TEST_SIGNERS.secondAgent.privateKey, /is an agent of 0x\w{40}, not of 0x/],
    ['another account', TEST_SIGNERS.secondMaster.privateKey, /is a user, not an agent/],
    ['0x12', '0x12', /secret agent is not a private key/],
  ])('refuses the key of %s', async (_, key, reason) => {
    const check = await withKey(key).check();
    expect(check).toMatchObject({ kind: 'refused', reason: expect.stringMatching(reason) });
    expect(JSON.stringify(check)).not.toContain(key.slice(2, 30) || '0x12');
  });

  it('knows when an agent with a name ends, and refuses it from then on', async () => {
    const venue = withKey(TEST_SIGNERS.stranger.privateKey);
    const endMs = venue.simulator.nowMs() + 60_000;
    approve(venue, TEST_SIGNERS.stranger, endMs);
    expect(await venue.check()).toEqual({ kind: 'ok', validUntilMs: endMs });
    venue.simulator.advance(endMs);
    expect(await venue.check()).toMatchObject({ kind: 'refused' });
  });

  it('refuses an agent that another has replaced', async () => {
    const venue = withKey(TEST_SIGNERS.stranger.privateKey);
    const endMs = venue.simulator.nowMs() + 2 * DAY;
    approve(venue, TEST_SIGNERS.stranger, endMs);
    approve(venue, { ...TEST_SIGNERS.stranger, address: `0x${'9'.repeat(40)}` }, endMs);
    expect(await venue.check()).toMatchObject({ kind: 'refused', reason: expect.stringContaining('replaced') });
  });

  it('lets the agent of another account sign for a vault, which has no agents of its own', async () => {
    const vaultAddress = MAIN.address;
    expect(await withKey(TEST_SIGNERS.secondAgent.privateKey, { vaultAddress }).check()).toMatchObject({ kind: 'ok' });
  });

  it('does not know while the venue cannot be asked', async () => {
    const { simulator, check } = withKey(TEST_SIGNERS.mainAgent.privateKey);
    const fault = { id: 'x', kind: 'http-5xx', match: { type: 'userRole' } };
    simulator.installFaults(faultScriptSchema.parse([fault]));
    expect(await check()).toMatchObject({ kind: 'unknown' });
  });
});
