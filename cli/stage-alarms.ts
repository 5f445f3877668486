import { SNSClient } from '@aws-sdk/client-sns';
import { hasKind } from '#config/venues.ts';
import { alarmAdvice, readAlarmAddress } from '#shared/adapters/aws/alarm-address.ts';
import type { CommandContext } from './context.ts';
import type { Finding } from './doctor/finding.ts';
import { stageClientOptions, stageConfig } from './stage-client.ts';

/** Whether a deployed stage's alarms reach somebody. Never rejects: who may not ask SNS may still look at the rest. */
export async function checkAlarms({ stage, io }: Pick<CommandContext, 'stage' | 'io'>): Promise<Finding> {
  const { alarm_email: email } = stageConfig(stage).aws;
  const client = new SNSClient(stageClientOptions('sns', stage, io));
  try {
    const advice = alarmAdvice(await readAlarmAddress({ client, stage, email }));
    if (advice === null) return { check: 'alarms', verdict: 'ok', detail: `mailed to ${email}, who has confirmed` };
    const isLive = hasKind(stageConfig(stage), 'live');
    return { check: 'alarms', verdict: isLive ? 'failed' : 'warning', detail: advice };
  } catch (error) {
    const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return {
      check: 'alarms',
      verdict: 'warning',
      detail: `nobody can say whether they arrive: SNS cannot be asked (${why})`,
    };
  } finally {
    client.destroy();
  }
}
