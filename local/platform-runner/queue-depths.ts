import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Clock, TimerHandle } from '#shared/ports/clock.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { metrics } from '#shared/telemetry/names.ts';

const EVERY_MS = 15_000;

/** Tells every 15 s how many messages wait in each queue; returns what ends it. A queue that does not answer keeps its last value. */
export function watchQueueDepths(
  client: Pick<SQSClient, 'send'>,
  queueUrls: readonly string[],
  { clock, telemetry }: { readonly clock: Clock; readonly telemetry: Telemetry },
): () => void {
  let timer: TimerHandle | null = null;
  let stopped = false;
  const look = async (): Promise<void> => {
    for (const url of queueUrls) {
      const command = new GetQueueAttributesCommand({
        QueueUrl: url,
        AttributeNames: ['ApproximateNumberOfMessages'],
      });
      const { Attributes: attributes } = await client.send(command);
      const depth = Number(attributes?.ApproximateNumberOfMessages);
      if (Number.isFinite(depth)) telemetry.gauge(metrics.queueDepth, depth, { queue: url.split('/').at(-1)! });
    }
  };
  const next = (): void => {
    if (stopped) return;
    timer = clock.setTimer(EVERY_MS, () => {
      look().then(next, next);
    });
  };
  next();
  return () => {
    stopped = true;
    timer?.cancel();
  };
}
