/** The rules an order passes after quorum and gap, in their order, and the refusal code of each. `limits` has many codes. */
const CHAINS = {
  increase: [
    ['system-state', 'state-forbids'],
    ['hold', 'on-hold'],
    ['books', 'position-unexplained'],
    ['back-off', 'backing-off'],
    ['instrument', 'instrument-not-active'],
    ['market-hours', 'market-closed'],
    ['account', 'account-unknown'],
    ['price', 'no-price'],
    ['order-size', 'max-order-notional'],
    ['margin', 'margin-budget'],
    ['limits', null],
  ],
  reduce: [
    ['system-state', 'state-forbids'],
    ['price', 'no-price'],
    ['venue-minimum', 'dust'],
    ['venue-minimum', 'below-venue-minimum'],
    ['back-off', 'backing-off'],
    ['limits', null],
  ],
} as const;
export type RuleChain = keyof typeof CHAINS;

export interface RuleVerdict {
  readonly rule: string;
  readonly verdict: 'passed' | 'refused';
}

/** Each rule asked, up to the one that refused with `code`; null when every rule let the order pass. */
export function ruleVerdicts(chain: RuleChain, code: string | null): readonly RuleVerdict[] {
  const rules: readonly (readonly [string, string | null])[] = CHAINS[chain];
  const failed = code === null ? rules.length : rules.findIndex(([, own]) => own === code);
  const last = failed === -1 ? rules.length - 1 : failed;
  const verdicts = rules.slice(0, last).map(([rule]) => ({ rule, verdict: 'passed' as const }));
  const refusedBy = rules[last];
  const all = refusedBy ? [...verdicts, { rule: refusedBy[0], verdict: 'refused' as const }] : verdicts;
  return all.filter(({ rule }, at) => all.findLastIndex((v) => v.rule === rule) === at);
}
