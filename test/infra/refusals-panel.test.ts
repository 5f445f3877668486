import { describe, expect, it } from 'vitest';
import { reportOrder } from '#functions/order-gateway/report-outcome.ts';
import { reportDecisions } from '#functions/reconciliation/report-cycle.ts';
import { REFUSALS_QUERY } from '#infra/constructs/dashboards.ts';
import { refusal } from '#shared/core/refusal.ts';
import { decideOne, flat } from '#test/support/cycle.ts';
import { commandOf } from '#test/support/order-room.ts';
import { order } from '#test/support/orders.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';
import { ResolvedTemplate } from '#test/support/resolved-template.ts';
import { synthesize } from '#test/support/synthesized.ts';

type Line = Readonly<Record<string, unknown>>;

/** What Logs Insights makes of a line: `{"answer":{"kind":"x"}}` has the field `answer.kind`. */
const flatten = (line: Line, prefix = ''): Line =>
  Object.fromEntries(
    Object.entries(line).flatMap(([key, value]) =>
      typeof value === 'object' && value !== null
        ? Object.entries(flatten(value as Line, `${prefix}${key}.`))
        : [[`${prefix}${key}`, value]],
    ),
  );

const QUERY = REFUSALS_QUERY.join('\n');

/** Evaluates the first two lines of the query. Throws when they are of another form than it understands. */
function refusalOf(line: Line): string | null {
  const fields = flatten(line);
  const form =
    /^fields coalesce\((\S+), (\S+), concat\("([^"]+)", (\S+)\)\) as refusal\nfilter \(event = "(\S+)" and (\S+) = "(\S+)"\) or \(event = "(\S+)" and \(ispresent\((\S+)\) or (\S+) = "(\S+)"\)\)$/m.exec(
      QUERY,
    );
  if (!form) throw new Error('the query has another form');
  const [, first, second, prefix, third, decided, kind, isKind, answered, present, answer, isAnswer] =
    form as unknown as string[];
  const chosen =
    (fields.event === decided && fields[kind!] === isKind) ||
    (fields.event === answered && (present! in fields || fields[answer!] === isAnswer));
  if (!chosen) return null;
  return String(fields[first!] ?? fields[second!] ?? `${prefix}${fields[third!]}`);
}

function logged(report: (telemetry: RecordingTelemetry) => void): readonly Line[] {
  const telemetry = new RecordingTelemetry();
  report(telemetry);
  return telemetry.logs.map(({ event, level, fields }) => ({ event, level, ...fields }));
}

const refusalsIn = (lines: readonly Line[]) => lines.map(refusalOf).filter((code) => code !== null);

describe('the panel of refusals', () => {
  const CYCLE = { exchange: 'hyperliquid', correlationId: '00112233445566aa' };
  const intended = order();
  const reported = (outcome: Parameters<typeof reportOrder>[2]) =>
    logged((telemetry) => reportOrder(telemetry, commandOf(intended), outcome));

  it('shows what a cycle refused, once for as long as it stands', () => {
    const refused = decideOne({ sources: [] });
    expect(refused.kind).toBe('refusal');

    const report = (repeats: boolean) =>
      logged((telemetry) => reportDecisions(telemetry, CYCLE, [{ ...refused, repeats }]));

    expect(refusalsIn(report(false))).toEqual([refused.code]);
    expect(refusalsIn(report(true))).toEqual([]);
  });

  it('shows what the gateway refused and what the venue rejected', () => {
    const why = refusal('order-too-large', 'too large', { code: 'a number of that name' });
    expect(refusalsIn(reported({ kind: 'refused', order: intended, refusal: why }))).toEqual(['order-too-large']);
    const answer = { kind: 'rejected', code: 'insufficient-margin', message: 'no' } as const;
    const sent = { kind: 'sent', order: intended, answeredAtMs: 1, stored: true, error: null } as const;
    expect(refusalsIn(reported({ ...sent, answer }))).toEqual(['venue:insufficient-margin']);
  });

  it('shows nothing of what was not refused', () => {
    const decided = decideOne(flat);
    expect(decided.kind).not.toBe('refusal');
    expect(refusalsIn(logged((telemetry) => reportDecisions(telemetry, CYCLE, [decided])))).toEqual([]);
    expect(refusalsIn(reported({ kind: 'expired', order: intended }))).toEqual([]);
    expect(refusalsIn(reported({ kind: 'deferred', order: intended, reason: 'lease-held' }))).toEqual([]);
  });

  it('reads the logs of the functions that refuse', () => {
    const templates = synthesize();
    const services = new ResolvedTemplate(templates.services, [new ResolvedTemplate(templates.state)]);
    const bodies = [...services.ofType('AWS::CloudWatch::Dashboard').values()].map(({ Properties }) =>
      String(Properties.DashboardBody),
    );
    const trading = bodies.find((body) => body.includes('Refusals by code'))!;
    const { widgets } = JSON.parse(trading) as { widgets: { properties: { title: string; query?: string } }[] };
    const query = widgets.find(({ properties }) => properties.title.startsWith('Refusals by code'))?.properties.query;
    const sources = query?.split(' | ').filter((part) => part.startsWith('SOURCE'));

    expect(sources).toHaveLength(2);
    expect(sources!.join()).toMatch(/reconciliation.*order-?gateway/);
  });
});
