import { describe, expect, it } from 'vitest';
import { readFailure, readOrderFailure } from '#shared/adapters/exchange/binance-usdm/error-codes.ts';
import { queryOf, signature } from '#shared/adapters/exchange/binance-usdm/usdm-client.ts';
import { keyProblem } from '#shared/adapters/exchange/binance-usdm/usdm-keys.ts';
import {
  BudgetExhaustedError,
  HttpStatusError,
  RateLimitedError,
} from '#shared/adapters/exchange/resilience/exchange-failure.ts';
import type { ExchangeError } from '#shared/ports/exchange.ts';
import errors from '#test/fixtures/binance-usdm/errors.json' with { type: 'json' };
import signing from '#test/fixtures/binance-usdm/signing.json' with { type: 'json' };
import { loadBinanceUsdm } from '#test/integration/exchange-simulator/ccxt-module.ts';
import {
  binanceUsdmOnSimulator,
  simulatedBinanceUsdm,
  USDM_SETTINGS,
} from '#test/support/binance-usdm-on-simulator.ts';
import { orderAt } from '#test/support/exchange-under-test.ts';

const NOW_MS = 1_700_000_030_000;
const refusal = (code: number, msg: string, status = 400) => {
  const body = JSON.stringify({ code, msg });
  return new HttpStatusError(
    status >= 500 ? 'unavailable' : 'rejected',
    status,
    `HTTP ${status}: ${body}`,
    false,
    body,
  );
};
const outcomeOf = (error: ExchangeError) => {
  const outcome = readOrderFailure(readFailure(error, NOW_MS));
  return outcome.kind === 'rejected' ? outcome.code : outcome.kind;
};

describe('Binance USD-M requests', () => {
  // https://developers.binance.com/docs/derivatives/usds-margined-futures/general-info
  it.each(signing.answer)('signs as the documentation does: $signature', ({ parts, signature: expected }) => {
    expect(signature(parts.join(''), signing.documentedKey)).toBe(expected);
  });

  it('signs what ccxt signs for the same parameters', async () => {
    const Binance = await loadBinanceUsdm();
    const client = new Binance({ apiKey: 'k', secret: 's', options: { recvWindow: 5000 } });
    client.nonce = () => NOW_MS;
    const params = { symbol: 'BTCUSDT', origClientOrderId: `0x${'c'.repeat(32)}` };
    const { url } = client.sign('order', 'fapiPrivate', 'GET', params);
    const theirs = new URL(url).searchParams;
    const query = queryOf(Object.fromEntries([...theirs].filter(([name]) => name !== 'signature')));
    expect(query).toContain(`origClientOrderId=0x${'c'.repeat(32)}`);
    expect(signature(query, 's')).toBe(theirs.get('signature'));
  });

  it('reads every documented refusal by its code, and leaves the rest unknown', () => {
    const outcomes = Object.fromEntries(errors.answer.map(({ code, msg }) => [code, outcomeOf(refusal(code, msg))]));
    expect(outcomes).toEqual({
      '-1121': 'not-tradable',
      '-1003': 'unknown',
      '-1006': 'unknown',
      '-1007': 'unknown',
      '-1008': 'venue-closed',
      '-1021': 'expired',
      '-2011': 'unknown',
      '-2013': 'unknown',
      '-2015': 'key-refused',
      '-2019': 'insufficient-margin',
      '-2022': 'reduce-only-would-increase',
      '-4046': 'unknown',
      '-4061': 'configuration',
      '-4116': 'unknown',
      '-4164': 'min-notional',
      '-5021': 'ioc-no-match',
      '-5022': 'post-only-would-match',
      '-5028': 'expired',
    });
  });

  it.each([
    [
      'a server error without a listed text',
      refusal(-1000, 'Unknown error, please check your request or try again later.', 503),
      'unknown',
    ],
    [
      'an internal error',
      new HttpStatusError('unavailable', 502, 'HTTP 502: bad gateway', true, 'bad gateway'),
      'unknown',
    ],
    ['a firewall', new HttpStatusError('auth', 403, 'HTTP 403: <html>', false, '<html>'), 'unknown'],
    ['a country that is not served', new HttpStatusError('rejected', 451, 'HTTP 451', false, ''), 'unknown'],
    ['a new code', refusal(-5047, 'whatever'), 'unknown'],
    ['a duplicate under a general code', refusal(-2010, 'Duplicate order sent.'), 'unknown'],
    ['a general refusal', refusal(-2010, 'NEW_ORDER_REJECTED'), 'http-400'],
    ['a limit', new RateLimitedError('HTTP 429', null), 'unknown'],
    ['our own budget', new BudgetExhaustedError('spent', 1), 'rate-budget'],
  ])('says of %s what is known of the order', (_, error, expected) => {
    expect(outcomeOf(error)).toBe(expected);
  });

  it('keeps quiet until a ban ends, or until the venue counts anew', () => {
    const ban = refusal(-1003, `Way too many requests; IP(1.2.3.4) banned until ${NOW_MS + 90_000}.`, 418);
    expect(readFailure(ban, NOW_MS)).toMatchObject({ kind: 'rate-limited', retryAfterMs: 90_000 });
    expect(readFailure(new RateLimitedError('HTTP 429', null), NOW_MS)).toMatchObject({
      retryAfterMs: 60_000 - (NOW_MS % 60_000),
    });
  });

  it('names what is wrong with a key and nothing of it', () => {
    expect(keyProblem(`${'a'.repeat(64)}:${'B'.repeat(64)}`)).toBeNull();
    for (const text of ['', 'a'.repeat(64), `${'a'.repeat(64)}:`, `${'a'.repeat(64)}:short`]) {
      expect(keyProblem(text)).toBe('is not an API key and its secret, joined by a colon');
    }
  });

  it('refuses kind live in one sentence', () => {
    expect(() => binanceUsdmOnSimulator({ kind: 'live' })).toThrow(
      /kind live is refused at this venue until protective/,
    );
    expect(USDM_SETTINGS.kind).toBe('simulator');
  });

  it('signs an order for as long as it may live, in venue time, and reads with the key that only reads', async () => {
    const asked: { url: URL; headers: Record<string, string> }[] = [];
    const { simulator, exchange } = binanceUsdmOnSimulator();
    const spied = binanceUsdmOnSimulator(
      {},
      {
        fetch: async (url, init) => {
          asked.push({ url: new URL(url), headers: init.headers as Record<string, string> });
          return (await (
            await import('#local/exchange-simulator/server/simulator-fetch.ts')
          ).createSimulatorFetch(simulator)(url, init as never)) as Response;
        },
        clock: {
          nowMs: () => simulator.nowMs() - 7_000,
          setTimer: () => ({ cancel: () => {} }),
          sleep: async () => {},
        },
      },
    );
    const under = {
      ...(await simulatedBinanceUsdm()),
      marketData: exchange.marketData,
      nowMs: () => simulator.nowMs(),
    };
    const order = await orderAt(under, 'BTC/USDT:USDT', 'buy', 1.02, 200, { expiresAtMs: simulator.nowMs() + 12_000 });
    expect(await spied.exchange.orderVenue?.submitOrder(order)).toMatchObject({ kind: 'accepted', state: 'filled' });
    const { url, headers } = asked.at(-1)!;
    const sent = Object.fromEntries(url.searchParams);
    expect(Number(sent.timestamp)).toBe(simulator.nowMs());
    expect(Number(sent.recvWindow)).toBe(12_000);
    expect(sent).toMatchObject({
      reduceOnly: 'false',
      newOrderRespType: 'RESULT',
      timeInForce: 'IOC',
      positionSide: 'BOTH',
    });
    await spied.exchange.accountReader.fetchOpenOrders('main');
    expect(asked.at(-1)?.headers['x-mbx-apikey']).not.toBe(headers['x-mbx-apikey']);
  });
});
