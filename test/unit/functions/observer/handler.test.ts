import { describe, expect, it } from 'vitest';
import { observerEnvSchema } from '#functions/observer/env.ts';
import { createHandler } from '#functions/observer/handler.ts';
import { scheduleEvent } from '#local/emulators/schedule-emulator.ts';
import { sqsEvent } from '#local/emulators/sqs-envelope.ts';
import { memoryObserverDocuments } from '#local/virtual-time/memory-observer-documents.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';
import { ACCOUNT, anObserverDocument } from '#test/support/system.ts';

const SLOT_MS = Date.UTC(2026, 5, 10, 12);
const EVENT = scheduleEvent({ job: 'observer', cadenceMs: 30_000 }, SLOT_MS, 1);

function platform() {
  const world = { complete: true, fails: false };
  const telemetry = new RecordingTelemetry();
  const documents = memoryObserverDocuments();
  const env = observerEnvSchema.parse({
    OBSERVER_ID: 'observer-1',
    EXCHANGE: 'hyperliquid',
    WALLET_ADDRESSES: `${ACCOUNT},`,
  });
  const observer = {
    observe: async () => {
      if (world.fails) throw new Error('502');
      return { ...anObserverDocument('x', SLOT_MS).positions[ACCOUNT]!, complete: world.complete };
    },
  };
  const handler = createHandler({ observer, documents, clock: manualClock(SLOT_MS), telemetry }, env);
  return { world, telemetry, documents, handler };
}

describe('observer handler', () => {
  it('publishes one document on a schedule', async () => {
    const { handler, documents, telemetry } = platform();

    expect(await handler(EVENT)).toEqual({ batchItemFailures: [] });

    expect(await documents.get('observer-1')).toMatchObject({ positions: { [ACCOUNT]: { complete: true } } });
    expect(telemetry.logs).toEqual([]);
  });

  it('says that a view is incomplete and publishes it as such', async () => {
    const { handler, documents, telemetry, world } = platform();
    world.complete = false;

    await handler(EVENT);

    expect(await documents.get('observer-1')).toMatchObject({ positions: { [ACCOUNT]: { complete: false } } });
    expect(telemetry.logs).toMatchObject([{ fields: { what: 'account-view', code: 'incomplete' } }]);
  });

  it('says that the published document is unreadable and starts anew', async () => {
    const { handler, documents, telemetry } = platform();
    const { get } = documents;
    documents.get = async () => Promise.reject(new Error('s3://b/o.json cannot be read: denied'));

    expect(await handler(EVENT)).toEqual({ batchItemFailures: [] });

    expect(telemetry.logs).toMatchObject([
      {
        level: 'warn',
        fields: { what: 'observer-document', code: 'unreadable', error: expect.stringContaining('denied') },
      },
    ]);
    expect(await get('observer-1')).toMatchObject({ positions: { [ACCOUNT]: { complete: true } } });
  });

  it('fails when it could read nothing, so that the schedule tries again', async () => {
    const { handler, documents, world } = platform();
    world.fails = true;

    await expect(handler(EVENT)).rejects.toThrow('observer observer-1 could not read any account: 502');
    expect(await documents.get('observer-1')).toBeNull();
  });

  it('names a malformed message and reads nothing for it', async () => {
    const { handler, documents } = platform();
    const event = sqsEvent('run-requests', [{ messageId: 'm0', body: '[]', receiveCount: 1, sentAtMs: SLOT_MS }]);

    expect(await handler(event)).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
    expect(await documents.get('observer-1')).toBeNull();
  });
});
