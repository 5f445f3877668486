import { Decimal, decimalText } from '#shared/core/decimal.ts';
import type { VenueTransfer } from '#shared/ports/exchange.ts';
import { ledgerAddress, ledgerMoney } from './wire-schemas.ts';

interface LedgerEntry {
  readonly time: number;
  readonly hash: string;
  readonly delta: { readonly type: string; readonly [field: string]: unknown };
}

export interface TransferScope {
  /** The perpetual sub-accounts that are read; null is the native one. */
  readonly dexes: readonly (string | null)[];
  /** Spot and perpetuals are one balance. */
  readonly pooled: boolean;
}

/** Entries that move nothing into or out of the perpetual account: spot balances, and results that are profit or loss. */
const NOT_TRANSFERS = new Set([
  'spotTransfer',
  'spotGenesis',
  'rewardsClaim',
  'liquidation',
  'cStakingTransfer',
  'deployGasAuction',
  'gossipPriorityGasAuction',
  'activateDexAbstraction',
  'borrowLend',
  // A fee for the first use of an address, taken from its tokens: an expense, like any fee.
  'accountActivationGas',
]);

/**
 * Reads one ledger entry as a signed transfer of the perpetual sub-accounts of `address`; null when it moves nothing there.
 * Throws RangeError for an entry that this version does not understand: an unknown deposit would read as profit.
 */
export function readTransfer(entry: LedgerEntry, address: string, scope: TransferScope): VenueTransfer | null {
  const { delta } = entry;
  // Between spot and perpetuals: one balance of a pooled account.
  if (scope.pooled && delta.type === 'accountClassTransfer') return null;
  const dexes = scope.pooled ? [...scope.dexes, 'spot'] : scope.dexes;
  if (NOT_TRANSFERS.has(delta.type) && !(scope.pooled && delta.type === 'spotTransfer')) return null;
  const amount = signedAmount(delta, address.toLowerCase(), dexes);
  if (amount.isZero()) return null;
  return { id: `${entry.hash}:${delta.type}`, amountQuote: decimalText(amount), venueTimeMs: entry.time };
}

function signedAmount(delta: LedgerEntry['delta'], address: string, dexes: readonly (string | null)[]): Decimal {
  const money = (field: string): Decimal => new Decimal(ledgerMoney.parse(delta[field]));
  const fee = (): Decimal => (delta.fee === undefined || delta.fee === '' ? new Decimal(0) : money('fee'));
  const isUs = (field: string): boolean => ledgerAddress.parse(delta[field]).toLowerCase() === address;
  switch (delta.type) {
    case 'deposit':
    case 'vaultDistribution':
      return money('usdc');
    case 'withdraw':
      // The amount that left the account; the bridge's fee comes out of what arrives.
      return money('usdc').neg();
    case 'accountClassTransfer':
      if (typeof delta.toPerp !== 'boolean') throw new RangeError('accountClassTransfer without toPerp');
      return delta.toPerp ? money('usdc') : money('usdc').neg();
    case 'perpDexClassTransfer': {
      // Between the tokens of the account and one of its dexes.
      if (typeof delta.toPerp !== 'boolean') throw new RangeError('perpDexClassTransfer without toPerp');
      if (typeof delta.dex !== 'string') throw new RangeError('perpDexClassTransfer without dex');
      if (!dexes.includes(delta.dex === '' ? null : delta.dex)) return new Decimal(0);
      if (delta.token !== 'USDC') throw new RangeError(`perpDexClassTransfer of ${String(delta.token).slice(0, 32)}`);
      return delta.toPerp ? money('amount') : money('amount').neg();
    }
    case 'internalTransfer':
    case 'subAccountTransfer': {
      const sent = isUs('user') ? money('usdc').plus(fee()).neg() : new Decimal(0);
      return sent.plus(isUs('destination') ? money('usdc') : 0);
    }
    case 'vaultCreate':
    case 'vaultDeposit':
      return money('usdc').neg();
    case 'vaultWithdraw':
    case 'vaultLeaderCommission':
      return delta.type === 'vaultWithdraw' ? money('netWithdrawnUsd') : money('usdc');
    case 'spotTransfer': {
      // Only where the spot balance of USDC is the account's money.
      if (delta.token !== 'USDC') return new Decimal(0);
      const sent = isUs('user') ? money('amount').plus(fee()).neg() : new Decimal(0);
      return sent.plus(isUs('destination') ? money('amount') : 0);
    }
    case 'send': {
      // Between dexes of the account, or to somebody else; `spot` is no sub-account unless the account is pooled.
      const value = money('usdcValue');
      const ours = (field: string): boolean => {
        const dex = delta[field];
        if (typeof dex !== 'string') throw new RangeError(`send without ${field}`);
        // Of the spot balance only USDC is money of a pooled account.
        if (dex === 'spot' && delta.token !== 'USDC') return false;
        return dexes.includes(dex === '' ? null : dex);
      };
      const sent = isUs('user') && ours('sourceDex') ? value.neg() : new Decimal(0);
      return sent.plus(isUs('destination') && ours('destinationDex') ? value : 0);
    }
    default:
      throw new RangeError(`unknown ledger entry ${delta.type}`);
  }
}
