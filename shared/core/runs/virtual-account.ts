/**
 * The virtual account of a run: sums instead of a list of trades (size = Σ s, entry = Σ p·s, fees = Σ |p·s|·rate), all in
 * integers, so that its text is short and stepping gives the same numbers however ticks are batched.
 *
 *   pnl = size·price − entry − fees − |size·price|·feeRate        (the last term: the fee of leaving at this price)
 *
 * The original charges both fees at entry and again at exit; here every trade pays its own fee once.
 */
export interface VirtualAccount {
  /** Signed position in 10⁻⁸ base units. */
  readonly sizeE8: number;
  /** Σ price × signed size, in millionths of the quote currency. */
  readonly entryMicros: number;
  /** Fees of the trades done, in millionths. */
  readonly feesMicros: number;
}

export const SIZE_SCALE = 1e8;
export const EMPTY_ACCOUNT: VirtualAccount = { sizeE8: 0, entryMicros: 0, feesMicros: 0 };

/** Millionths of quote currency that `sizeE8` is worth at `price`, unrounded. */
const valueMicros = (sizeE8: number, price: number): number => (sizeE8 / 100) * price;

const roundAway = (value: number): number => (value < 0 ? -Math.round(-value) : Math.round(value));

/** Profit after the fees paid and the fee of leaving at `price`, in millionths. */
export function pnlMicros(account: VirtualAccount, price: number, feeRate: number): number {
  const realised = 0 - account.entryMicros - account.feesMicros;
  if (account.sizeE8 === 0) return realised;
  const value = valueMicros(account.sizeE8, price);
  return realised + roundAway(value) - Math.round(Math.abs(value) * feeRate);
}

/**
 * Trades at `price` until the position is worth `stance` × `notionalQuote`: a flip closes and opens. Keeping the side trades
 * nothing. Null when the price makes the size zero or too large to count exactly.
 */
export function tradeTo(
  account: VirtualAccount,
  stance: -1 | 0 | 1,
  price: number,
  notionalQuote: number,
  feeRate: number,
): VirtualAccount | null {
  if (Math.sign(account.sizeE8) === stance) return account;
  const wanted = stance === 0 ? 0 : stance * Math.round((notionalQuote / price) * SIZE_SCALE);
  if (!Number.isSafeInteger(wanted) || (stance !== 0 && wanted === 0)) return null;
  const tradedMicros = valueMicros(wanted - account.sizeE8, price);
  const next = {
    sizeE8: wanted,
    entryMicros: account.entryMicros + roundAway(tradedMicros),
    feesMicros: account.feesMicros + Math.round(Math.abs(tradedMicros) * feeRate),
  };
  return Number.isSafeInteger(next.entryMicros) && Number.isSafeInteger(next.feesMicros) ? next : null;
}
