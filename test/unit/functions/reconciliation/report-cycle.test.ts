import { describe, expect, it } from 'vitest';
import { reportDecisions } from '#functions/reconciliation/report-cycle.ts';
import { decideOne } from '#test/support/cycle.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';

function levelOf(facts: Parameters<typeof decideOne>[0], code: string) {
  const telemetry = new RecordingTelemetry();
  const decision = decideOne(facts);
  expect(decision).toMatchObject({ kind: 'refusal', code });
  reportDecisions(telemetry, { exchange: 'hyperliquid', correlationId: '00112233445566aa' }, [decision]);
  return telemetry.logs.map(({ level }) => level);
}

describe('reportDecisions', () => {
  it('does not warn of what every start brings and ends by itself', () => {
    expect(levelOf({ dataState: 'warming-up' }, 'warming-up')).toEqual(['info']);
    expect(levelOf({ dataState: null }, 'warming-up')).toEqual(['info']);
  });

  it('warns of a refusal that something has to end', () => {
    expect(levelOf({ dataState: 'data-gap' }, 'data-gap')).toEqual(['warn']);
    expect(levelOf({ sources: [] }, 'no-quorum')).toEqual(['warn']);
  });
});
