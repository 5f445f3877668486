import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { GetScheduleCommand, ListSchedulesCommand, type SchedulerClient } from '@aws-sdk/client-scheduler';
import { SendMessageCommand, type SendMessageCommandInput, type SQSClient } from '@aws-sdk/client-sqs';
import type { Clock, TimerHandle } from '#shared/ports/clock.ts';

const MINUTE_MS = 60_000;
const SEND_MESSAGE = 'arn:aws:scheduler:::aws-sdk:sqs:sendMessage';
/** The expressions that infra/constructs/schedule.ts writes; the first group is the number of minutes, absent for each. */
const EXPRESSIONS = [/^cron\(\*() \* \* \* \? \*\)$/, /^cron\(0\/(\d+) \* \* \* \? \*\)$/, /^rate\((\d+) minutes?\)$/];

interface DeployedSchedule {
  readonly name: string;
  readonly everyMs: number;
  readonly targetArn: string;
  readonly input: string;
}

export interface ScheduleClients {
  readonly scheduler: Pick<SchedulerClient, 'send'>;
  readonly sqs: Pick<SQSClient, 'send'>;
  readonly lambda: Pick<LambdaClient, 'send'>;
}

/**
 * Fires the schedules that a deployment made, as EventBridge Scheduler does: at whole minutes, with the attributes in angle brackets
 * filled in, functions invoked and `sqs:SendMessage` called as a universal target. The emulator of AWS knows neither. The first
 * round comes at once, for the minute that has begun. `onError` hears what could not be delivered.
 */
export async function fireDeployedSchedules(
  clients: ScheduleClients,
  clock: Clock,
  onError: (error: Error) => void,
): Promise<{ readonly count: number; stop(): void }> {
  const schedules = await readSchedules(clients.scheduler);
  let timer: TimerHandle | null = null;
  const round = (minuteMs: number): void => {
    for (const schedule of schedules) {
      if (minuteMs % schedule.everyMs !== 0) continue;
      deliver(clients, schedule, minuteMs).catch((error: unknown) =>
        onError(new Error(`schedule ${schedule.name}: ${error instanceof Error ? error.message : error}`)),
      );
    }
    const nextMs = minuteMs + MINUTE_MS;
    timer = clock.setTimer(nextMs - clock.nowMs(), () => round(nextMs));
  };
  round(Math.floor(clock.nowMs() / MINUTE_MS) * MINUTE_MS);
  return { count: schedules.length, stop: () => timer?.cancel() };
}

async function readSchedules(scheduler: ScheduleClients['scheduler']): Promise<readonly DeployedSchedule[]> {
  const found: DeployedSchedule[] = [];
  let token: string | undefined;
  do {
    const page = await scheduler.send(new ListSchedulesCommand(token === undefined ? {} : { NextToken: token }));
    for (const { Name, GroupName } of page.Schedules ?? []) {
      const full = await scheduler.send(new GetScheduleCommand({ Name, GroupName }));
      const expression = full.ScheduleExpression ?? '';
      const minutes = EXPRESSIONS.map((known) => known.exec(expression)?.[1]).find((group) => group !== undefined);
      if (minutes === undefined) throw new Error(`schedule ${Name}: ${expression} is no number of whole minutes`);
      if (full.State !== 'ENABLED') continue;
      const { Arn, Input } = full.Target ?? {};
      found.push({
        name: Name ?? '',
        everyMs: Number(minutes || 1) * MINUTE_MS,
        targetArn: Arn ?? '',
        input: Input ?? '{}',
      });
    }
    token = page.NextToken;
  } while (token !== undefined);
  return found;
}

async function deliver(clients: ScheduleClients, schedule: DeployedSchedule, slotMs: number): Promise<void> {
  const { name, targetArn, input } = schedule;
  const filled = input
    .replaceAll('<aws.scheduler.scheduled-time>', new Date(slotMs).toISOString().replace('.000Z', 'Z'))
    .replaceAll('<aws.scheduler.execution-id>', `${name}-${slotMs}`)
    .replaceAll('<aws.scheduler.attempt-number>', '1');
  if (targetArn === SEND_MESSAGE) {
    await clients.sqs.send(new SendMessageCommand(JSON.parse(filled) as SendMessageCommandInput));
  } else {
    await clients.lambda.send(
      new InvokeCommand({
        FunctionName: targetArn,
        InvocationType: 'Event',
        Payload: new TextEncoder().encode(filled),
      }),
    );
  }
}
