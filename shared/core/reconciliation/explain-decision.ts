import { dec, decimalText } from '../decimal.ts';
import { type DecisionInputs, type DecisionSource, readDecisionInputs } from './decision-inputs.ts';

export interface ExplainedDecision {
  readonly symbol: string;
  readonly kind: string;
  readonly code: string;
  readonly message: string;
  readonly desiredSize: string | null;
  readonly actualSize: string | null;
  readonly episodeCount: number;
  readonly inputs: unknown;
}

export interface ExplanationSection {
  readonly title: string;
  readonly lines: readonly string[];
}

/** A stored decision in words: what was decided, then each input with its number, age and reason. No other source is read. */
export function explainDecision(decision: ExplainedDecision): readonly ExplanationSection[] {
  const inputs = readDecisionInputs(decision.inputs);
  return [
    { title: 'Decision', lines: decisionLines(decision) },
    { title: 'Desired position', lines: desiredLines(inputs) },
    { title: 'Sizing', lines: sizingLines(inputs) },
    { title: 'Actual position', lines: actualLines(inputs) },
    { title: 'Price and money', lines: moneyLines(inputs) },
    { title: 'Rules', lines: ruleLines(inputs) },
  ].filter((section) => section.lines.length > 0);
}

function decisionLines(decision: ExplainedDecision): string[] {
  const times = decision.episodeCount > 1 ? `, ${decision.episodeCount} times in a row` : '';
  const gap =
    decision.desiredSize !== null && decision.actualSize !== null
      ? ` (difference ${decimalText(dec(decision.desiredSize).minus(decision.actualSize))})`
      : '';
  return [
    `${decision.kind} ${decision.code}${times}: ${decision.message}`,
    `desired ${decision.desiredSize ?? 'unknown'}, actual ${decision.actualSize ?? 'unknown'}${gap}`,
  ];
}

function desiredLines({ desired }: DecisionInputs): string[] {
  if (!desired) return [];
  const lines: string[] = [];
  if (desired.kind === 'unknown')
    lines.push(`unknown: ${desired.reason ?? 'no reason stored'}; unknown is never an exit`);
  else lines.push(`known ${desired.size ?? '?'} by rule ${desired.rule ?? '?'}`);
  if (desired.dataState !== null && desired.dataState !== 'live') lines.push(`market data is ${desired.dataState}`);
  const { runs } = desired;
  if (runs) {
    lines.push(
      `${runs.live ?? '?'} live runs, ${runs.fresh ?? '?'} fresh, ${runs.eligible ?? '?'} count: direction ${runs.direction ?? '?'}, profit ${runs.pnlQuote ?? '?'}`,
    );
  } else lines.push('no live runs');
  return lines;
}

/** P × unit ÷ price, in whole lots towards zero (see risk/sizing.ts), then the caps. */
function sizingLines({ desired, price }: DecisionInputs): string[] {
  if (!desired || desired.direction === null || desired.unitQuote === null) return [];
  const at = price?.price ?? '?';
  const lines = [`direction ${desired.direction} × ${desired.unitQuote} quote ÷ ${at} = ${desired.size ?? '?'}`];
  if (desired.capQuote !== null)
    lines.push(`margin cap of the symbol ${short(desired.capQuote)} at leverage ${desired.leverage ?? '?'}`);
  if (desired.limitedBy !== null) {
    const why = desired.limit === null ? '' : `: ${desired.limit}`;
    lines.push(`limited by ${desired.limitedBy} to ${desired.target ?? '?'}${why}`);
  }
  return lines;
}

function actualLines({ actual, sources, quorum }: DecisionInputs): string[] {
  if (sources.length === 0 && actual === null) return [];
  const lines = sources.map(sourceLine);
  const counting = sources.filter((source) => source.notCounting === null).length;
  const verdict =
    typeof actual === 'string' || actual === null
      ? `no quorum: ${actual ?? 'not judged'}`
      : `agreed on ${actual.size ?? '?'}, the number of ${actual.source ?? '?'}`;
  lines.push(`${counting} of ${sources.length} sources count, ${quorum?.quorum ?? '?'} must agree: ${verdict}`);
  return lines;
}

function sourceLine(source: DecisionSource): string {
  const age = source.ageMs === null ? 'no age' : `${(source.ageMs / 1000).toFixed(1)} s old`;
  const counts = source.notCounting === null ? 'counts' : `does not count: ${source.notCounting}`;
  const error = source.error === null ? '' : ` (${source.error})`;
  return `${source.source}: ${source.size ?? 'no number'}, ${age}, ${counts}${error}`;
}

function moneyLines({ price, money, minimumTradeQuote }: DecisionInputs): string[] {
  const lines: string[] = [];
  if (price) {
    const age = price.ageMs === null ? '?' : (price.ageMs / 1000).toFixed(1);
    lines.push(`price ${price.price ?? '?'} (${price.from ?? '?'}), ${age} s old, ${price.fresh ? 'fresh' : 'stale'}`);
  } else lines.push('no price was ever seen');
  if (money) {
    const unseen = money.unseenMarginQuote !== null && money.unseenMarginQuote !== '0';
    const pending = unseen ? `, of which ${short(money.unseenMarginQuote)} not visible at the venue yet` : '';
    lines.push(
      `equity ${short(money.equityQuote)}, margin budget ${short(money.budgetQuote)}, margin used ${short(money.marginUsedQuote)}${pending}`,
    );
  }
  if (minimumTradeQuote !== null) lines.push(`smallest trade ${minimumTradeQuote}`);
  return lines;
}

function ruleLines(inputs: DecisionInputs): string[] {
  const lines: string[] = [];
  const lock = inputs.lockMode === null ? '' : ` (${inputs.lockMode})`;
  if (inputs.state !== null) lines.push(`system state ${inputs.state}${lock}`);
  if (inputs.holdReason !== null) lines.push(`on hold: ${inputs.holdReason}`);
  if (inputs.exitAttempts) lines.push(`${inputs.exitAttempts} unfilled exit(s) in a row`);
  lines.push(...inputs.rules.map((rule) => `${rule.rule}: ${rule.verdict}`));
  const numbers = Object.entries(inputs.refusal ?? {}).map(
    ([name, value]) =>
      `${name} ${value === null ? 'unknown' : typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  if (numbers.length > 0) lines.push(`refused with ${numbers.join(', ')}`);
  return lines;
}

/** At most 8 significant digits, for reading; the row has them all. */
const short = (value: string | null): string => {
  if (value === null) return 'unknown';
  return LONG_DECIMAL.test(value) ? decimalText(dec(value).toSignificantDigits(8)) : value;
};
/** A quotient has 40 digits and a point: longer than what a wall lets through as decimal text. */
const LONG_DECIMAL = /^-?\d{1,60}(?:\.\d{1,60})?$/;
