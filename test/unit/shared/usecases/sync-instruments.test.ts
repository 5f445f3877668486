import { describe, expect, it } from 'vitest';
import { oddRow } from '#shared/core/odd-row.ts';
import { syncInstruments } from '#shared/usecases/sync-instruments.ts';
import { anInstrument, lots } from '#test/support/instruments.ts';
import { systemUnderTest } from '#test/support/system.ts';

const input = {
  exchange: 'hyperliquid',
  by: 'janitor',
  venueKind: 'simulator',
  approval: 'automatic',
  symbols: [],
  maxAgeMs: 0,
} as const;
const many = (count: number) => Array.from({ length: count }, (_, i) => anInstrument(`C${i}`, { assetId: i }));

describe('sync instruments', () => {
  it('changes nothing when the venue lists nothing', async () => {
    const { deps, world } = systemUnderTest();
    await syncInstruments(deps, input);
    world.instruments = [];

    const outcome = await syncInstruments(deps, input);

    expect(outcome).toMatchObject({ kind: 'refused', refusal: { code: 'instruments-empty' } });
    expect((await deps.instruments.all('hyperliquid')).every((i) => i.status === 'active')).toBe(true);
  });

  it('keeps what is stored of an asset that cannot be read, and names the job that it left it out', async () => {
    const { deps, world } = systemUnderTest();
    world.instruments = [anInstrument('BTC'), anInstrument('ETH'), anInstrument('OLD')];
    await syncInstruments(deps, input);
    const active = async () =>
      (await deps.instruments.all('hyperliquid')).filter((i) => i.status === 'active').map((i) => i.venueSymbol);
    const odd = (coin: string | null) =>
      oddRow({
        list: 'instruments',
        key: coin,
        symbol: coin && `${coin}/USDC:USDC`,
        why: 'x',
        row: {},
        venueTimeMs: null,
      });

    world.instruments = [anInstrument('BTC')];
    world.oddInstruments = [odd('ETH'), odd('NEW')];
    expect(await syncInstruments(deps, input)).toMatchObject({ kind: 'synced', odd: [{}, {}] });
    expect(await active()).toEqual(['BTC', 'ETH']);
    const job = (await deps.jobs.all()).find(({ detail }) => typeof detail.partly === 'string');
    expect(job?.detail.partly).toContain('instruments: ETH/USDC:USDC cannot be read');

    world.instruments = [anInstrument('BTC')];
    world.oddInstruments = [odd(null)];
    await syncInstruments(deps, input);
    expect(await active(), 'without a name it could be any').toEqual(['BTC', 'ETH']);
  });

  it('sets an instrument aside whose sizes count something else than its base: every order would have a wrong size', async () => {
    const { deps, world } = systemUnderTest();
    world.instruments = [anInstrument('BTC'), anInstrument('ETH', { sizeUnit: 'contracts', contractSize: '10' })];

    const outcome = await syncInstruments(deps, input);

    expect(outcome).toMatchObject({
      kind: 'synced',
      odd: [{ symbol: 'ETH/USDC:USDC', why: 'its sizes are in contracts, not in units of its base' }],
    });
    expect((await deps.instruments.all('hyperliquid')).map((i) => i.venueSymbol)).toEqual(['BTC']);
  });

  it('refuses a drop of more than half that the second answer does not repeat', async () => {
    const { deps, world } = systemUnderTest();
    world.instruments = many(10);
    await syncInstruments(deps, input);
    let answers = [many(4), many(3)];
    const flaky = { loadInstruments: async () => ({ rows: answers.shift() ?? [], odd: [] }) };

    const refused = await syncInstruments({ ...deps, marketData: flaky }, input);

    expect(refused).toMatchObject({ kind: 'refused', refusal: { code: 'instruments-dropped' } });
    expect((await deps.instruments.all('hyperliquid')).filter((i) => i.status === 'active')).toHaveLength(10);

    answers = [many(4), many(10)];
    expect(await syncInstruments({ ...deps, marketData: flaky }, input)).toMatchObject({
      kind: 'synced',
      counts: { total: 10, delisted: 0 },
    });
  });

  it('applies a drop that a second answer, seconds later, confirms', async () => {
    const { deps, world, clock } = systemUnderTest();
    world.instruments = many(10);
    await syncInstruments(deps, input);
    world.instruments = many(4);
    const beganMs = clock.nowMs();

    const outcome = await syncInstruments(deps, input);

    expect(outcome).toMatchObject({ kind: 'synced', counts: { total: 4, delisted: 6 } });
    expect(clock.nowMs() - beganMs).toBeGreaterThanOrEqual(5_000);
  });

  it.each([
    [
      'one row is missing, so that all behind it have the number of another',
      () => [2, 3].map((n) => ({ n, id: n - 1 })),
    ],
    ['one row is there twice', () => [0, 2, 3].map((n) => ({ n, id: n + 1 }))],
  ])('believes no number of an asset that changed before it is confirmed: %s', async (_, wrong) => {
    const { deps, world } = systemUnderTest();
    world.instruments = many(4);
    await syncInstruments(deps, input);
    const shifted = wrong().map(({ n, id }) => anInstrument(`C${n}`, { assetId: id }));
    let answers = [shifted, many(4)];
    const flaky = { loadInstruments: async () => ({ rows: answers.shift()!, odd: [] }) };
    const ids = async () => (await deps.instruments.all('hyperliquid')).map((i) => [i.venueSymbol, i.assetId]);
    const right = many(4).map((i) => [i.venueSymbol, i.assetId]);

    expect((await syncInstruments({ ...deps, marketData: flaky }, input)).kind).toBe('synced');
    expect(await ids()).toEqual(right);

    answers = [shifted, [anInstrument('C0', { assetId: 7 })]];
    expect(await syncInstruments({ ...deps, marketData: flaky }, input)).toMatchObject({
      kind: 'refused',
      refusal: { code: 'instruments-renumbered' },
    });
    expect(await ids()).toEqual(right);
  });

  it('believes no other lot of a known asset before a second answer says the same', async () => {
    const { deps, world } = systemUnderTest();
    world.instruments = many(2);
    await syncInstruments(deps, input);
    const coarse = [anInstrument('C0', { assetId: 0, ...lots(0) }), many(2)[1]!];
    const answers = [coarse, many(2), coarse, coarse];
    const flaky = { loadInstruments: async () => ({ rows: answers.shift()!, odd: [] }) };
    const stored = async () => (await deps.instruments.all('hyperliquid')).map((i) => i.sizeStep);

    await syncInstruments({ ...deps, marketData: flaky }, input);
    expect(await stored()).toEqual(['0.00001', '0.00001']);
    await syncInstruments({ ...deps, marketData: flaky }, input);
    expect(await stored()).toEqual(['1', '0.00001']);
  });

  it('loads again at once after a failure and not before its age after a success', async () => {
    const { deps, world } = systemUnderTest();
    const lazy = { ...input, maxAgeMs: 3_600_000 };
    world.instruments = [];
    expect((await syncInstruments(deps, lazy)).kind).toBe('refused');
    world.instruments = many(2);
    expect((await syncInstruments(deps, lazy)).kind).toBe('synced');

    expect((await syncInstruments(deps, lazy)).kind).toBe('not-due');
    expect(world.loads).toBe(2);
  });
});
