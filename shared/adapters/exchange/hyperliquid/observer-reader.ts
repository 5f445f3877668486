import * as z from 'zod';
import { Decimal, isDecimalText } from '#shared/core/decimal.ts';
import type { ObserverDocument } from '#shared/messages/observer-document.ts';

/** One account's entry of an observer's document. */
export type ObservedAccount = ObserverDocument['positions'][string];

export interface ObserverRead {
  /** REST base, such as `https://api.hyperliquid.xyz`. */
  readonly url: string;
  /** Master address of the account. */
  readonly address: string;
  readonly dexes: readonly string[];
  readonly observerId: string;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly timeoutMs: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** No sub-account could be read: an observer keeps its last document, whose age then speaks for itself. */
export class ObserverReadError extends Error {
  override readonly name = 'ObserverReadError';
}

const ATTEMPTS = 2;
const REPLY_CHARS_MAX = 8_000_000;

const number = z.string().max(40).refine(isDecimalText, 'expected a decimal number as text');
/** More dollars than there are; sums of such numbers would not fit into the document. */
const tooMuch = (text: string): boolean => new Decimal(text).abs().gte(1e13);
const amount = number.refine((text) => !tooMuch(text), 'expected an amount of money');
/** As the document has it: one that its own schema refuses would be lost whole. */
const modeSchema = z.string().min(1).max(64);
const stateSchema = z.looseObject({
  time: z.number().int().min(1).max(4_102_444_800_000),
  // An odd amount makes the money unknown, not the positions.
  marginSummary: z.looseObject({ accountValue: amount, totalMarginUsed: amount }).nullable().catch(null),
  assetPositions: z.array(z.unknown()).max(5000),
});
const coinSchema = z.looseObject({ position: z.looseObject({ coin: z.string().min(1).max(64) }) });
const notNegative = number.refine((text) => !text.startsWith('-'), 'expected no negative number');
/** What the document's own schema asks of a position. */
const positionSchema = z.looseObject({
  type: z.literal('oneWay'),
  position: z.looseObject({
    coin: z.string(),
    szi: number,
    marginUsed: notNegative.optional(),
    positionValue: notNegative.optional(),
    entryPx: notNegative.nullish(),
    unrealizedPnl: number.optional(),
  }),
});
type Position = z.infer<typeof positionSchema>;
interface State extends Pick<z.infer<typeof stateSchema>, 'time' | 'marginSummary'> {
  readonly assetPositions: readonly Position[];
  /** Coins whose row cannot be read, or of which there are several. */
  readonly unreadCoins: readonly string[];
}
type SubAccount = ObservedAccount['sub_accounts'][number];

/**
 * Reads one account for an observer: a second pair of eyes, so on purpose none of the code of the AccountReader is shared:
 * no ccxt, no breaker, another parser and other sums. Two attempts per sub-account; one that fails is named and leaves the entry
 * incomplete. Throws `ObserverReadError` when none can be read.
 */
export async function readAccountForObserver(read: ObserverRead): Promise<ObservedAccount> {
  const names = ['', ...read.dexes];
  const subAccounts: SubAccount[] = [];
  const states: State[] = [];
  const told = await askTwice(read, { type: 'userAbstraction' }, (reply) => modeSchema.parse(reply));
  const mode = told instanceof Failure ? null : told;
  for (const dex of names) {
    const name = dex === '' ? 'native' : dex;
    const request = { type: 'clearinghouseState', ...(dex === '' ? {} : { dex }) };
    const answer = await askTwice(read, request, (reply) => stateOf(reply, dex));
    if (answer instanceof Failure) {
      subAccounts.push({ name, complete: false, venue_time_ms: null, error: answer.why });
      continue;
    }
    const twin = states.find((state) => sameMoney(state, answer));
    if (twin !== undefined) {
      const error = `the same money as another sub-account: ${answer.marginSummary?.accountValue}`;
      subAccounts.push({ name, complete: false, venue_time_ms: null, error });
      continue;
    }
    states.push(answer);
    const unread = answer.unreadCoins.length === 0 ? {} : { unread_coins: [...answer.unreadCoins] };
    subAccounts.push({ name, complete: true, venue_time_ms: answer.time, error: null, ...unread });
  }
  if (states.length === 0) throw new ObserverReadError(`no sub-account could be read: ${subAccounts[0]?.error}`);
  let oldestMs = Number.POSITIVE_INFINITY;
  let value = new Decimal(0);
  let margin = new Decimal(0);
  for (const state of states) {
    oldestMs = Math.min(oldestMs, state.time);
    value = value.plus(state.marginSummary?.accountValue ?? 0);
    margin = margin.plus(state.marginSummary?.totalMarginUsed ?? 0);
  }
  return {
    venue_time_ms: oldestMs,
    complete: states.length === names.length,
    sub_accounts: subAccounts,
    marginSummary:
      states.length < names.length || mode === null || states.some((state) => state.marginSummary === null)
        ? null
        : await summaryOf(read, mode, { accountValue: value.toFixed(), totalMarginUsed: margin.toFixed() }),
    ...(mode === null ? {} : { account_mode: mode }),
    assetPositions: states.flatMap((state) => state.assetPositions) as ObservedAccount['assetPositions'],
  };
}

/** `xyz` of `xyz:INTC`; nothing for a native coin. */
const dexOf = (coin: string): string => (coin.includes(':') ? coin.slice(0, coin.indexOf(':')) : '');

/** One answer to two questions would count its money twice; no money twice is still none. */
function sameMoney(a: State, b: State): boolean {
  if (a.marginSummary === null || new Decimal(a.marginSummary.accountValue).isZero()) return false;
  return JSON.stringify([a.marginSummary, a.assetPositions]) === JSON.stringify([b.marginSummary, b.assetPositions]);
}

type Summary = ObservedAccount['marginSummary'];
type Request = Readonly<Record<string, string>>;
/** A question that was not answered, and why. */
class Failure {
  readonly why: string;
  constructor(why: string) {
    this.why = why;
  }
}

const balanceSchema = z.looseObject({ coin: z.string(), total: number, hold: number, borrowed: number.nullish() });
const spotSchema = z.looseObject({ balances: z.array(z.unknown()).max(5000) });
const anyBalanceSchema = z.looseObject({ coin: z.string() });

/**
 * The account's money by its mode: of the dexes where each keeps its own, of the spot balance where there is one for all of them.
 * Null where this version does not know where to look, or where other tokens back it.
 */
async function summaryOf(read: ObserverRead, mode: string, ofDexes: NonNullable<Summary>): Promise<Summary> {
  if (mode === 'default' || mode === 'disabled') return ofDexes;
  if (mode !== 'unifiedAccount' && mode !== 'portfolioMargin') return null;
  const answer = await askTwice(read, { type: 'spotClearinghouseState' }, (reply) => parsedBy(spotSchema, reply));
  if (answer instanceof Failure) return null;
  const has = (text: string | null | undefined) => !new Decimal(text ?? 0).isZero();
  let total: string | null = null;
  for (const row of answer.balances) {
    const isPortfolio = mode === 'portfolioMargin';
    const balance = balanceSchema.safeParse(row).data;
    const isDollar = (anyBalanceSchema.safeParse(row).data?.coin ?? 'USDC') === 'USDC';
    if (balance === undefined && (isDollar || isPortfolio)) return null;
    if (isPortfolio && (has(balance?.borrowed) || (!isDollar && has(balance?.total)))) return null;
    if (!isDollar || balance === undefined) continue;
    if (total !== null || tooMuch(balance.total)) return null;
    total = balance.total;
  }
  return { accountValue: new Decimal(total ?? 0).toFixed(), totalMarginUsed: ofDexes.totalMarginUsed };
}

const stateOf = (reply: unknown, dex: string): State => withPositions(parsedBy(stateSchema, reply), dex);

function parsedBy<T extends z.ZodType>(schema: T, reply: unknown): z.output<T> {
  const parsed = schema.safeParse(reply);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Error(`malformed reply: ${issue?.path.join('.')}: ${issue?.message}`);
}

async function askTwice<T>(read: ObserverRead, request: Request, parse: (reply: unknown) => T): Promise<T | Failure> {
  let why = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    try {
      return parse(await ask(read, request));
    } catch (error) {
      why = (error instanceof Error ? error.message : String(error)).slice(0, 300);
      // A limiter that was asked to slow us down is not asked again at once.
      if (why.startsWith('HTTP 429')) break;
    }
  }
  return new Failure(why);
}

async function ask(read: ObserverRead, request: Request): Promise<unknown> {
  const { type, ...rest } = request;
  const body = { type, user: read.address.toLowerCase(), ...rest };
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new Error(`no answer within ${read.timeoutMs} ms`)), read.timeoutMs);
  try {
    const response = await Promise.race([
      read.fetch(`${read.url.replace(/\/+$/, '')}/info`, {
        method: 'POST',
        headers: { ...read.headers, 'content-type': 'application/json', 'x-observer-id': read.observerId },
        body: JSON.stringify(body),
        signal: abort.signal,
        redirect: 'manual',
      }),
      aborted(abort.signal),
    ]);
    if (response.status !== 200) throw new Error(`HTTP ${response.status}`);
    const text = await Promise.race([response.text(), aborted(abort.signal)]);
    if (text.length > REPLY_CHARS_MAX) throw new Error('reply too long');
    return JSON.parse(text);
  } finally {
    clearTimeout(timer);
  }
}

/** Row by row: one that cannot be read makes its coin unknown, and no other. Without its coin it could be any. */
function withPositions(answer: z.infer<typeof stateSchema>, dex: string): State {
  const assetPositions = new Map<string, Position>();
  const unread = new Set<string>();
  for (const row of answer.assetPositions) {
    const named = coinSchema.safeParse(row);
    if (!named.success) throw new Error('malformed reply: a position without a coin');
    const { coin } = named.data.position;
    if (/^[@#+]|\//.test(coin)) continue;
    if (dexOf(coin) !== dex) throw new Error(`another sub-account was answered: it holds ${coin}`);
    const key = coin.toUpperCase();
    const parsed = positionSchema.safeParse(row);
    if (parsed.success && !assetPositions.has(key) && !unread.has(key)) assetPositions.set(key, parsed.data);
    else unread.add(key);
  }
  for (const key of unread) assetPositions.delete(key);
  if (answer.marginSummary === null && assetPositions.size + unread.size === 0)
    throw new Error('malformed reply: neither money nor positions');
  return { ...answer, assetPositions: [...assetPositions.values()], unreadCoins: [...unread] };
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
