import {
  type CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { type LogFilter, type LogRecord, matches, parseRecord } from '#shared/telemetry/read-logs.ts';

const PAGES_MAX = 20;
const DAY_MS = 86_400_000;

/**
 * The newest records of all functions and containers of a stage that match, oldest first; a day back unless told otherwise. Lines
 * that are not ours (Lambda's own, embedded metrics) are left out. At most 20 pages of each log group are read: `truncated` says
 * that there was more.
 */
export async function readStageLogs(
  client: Pick<CloudWatchLogsClient, 'send'>,
  stage: string,
  filter: LogFilter,
  nowMs: number,
): Promise<{ readonly records: readonly LogRecord[]; readonly truncated: boolean }> {
  const sinceMs = filter.sinceMs ?? nowMs - DAY_MS;
  let records: LogRecord[] = [];
  let truncated = false;
  for (const logGroupName of await groupsOf(client, stage)) {
    let nextToken: string | undefined;
    for (let page = 0; ; page += 1) {
      const token = nextToken === undefined ? {} : { nextToken };
      const reply = await client.send(new FilterLogEventsCommand({ logGroupName, startTime: sinceMs, ...token }));
      for (const { message = '' } of reply.events ?? []) {
        if (filter.contains !== undefined && !message.toLowerCase().includes(filter.contains.toLowerCase())) continue;
        const record = parseRecord(message);
        if (record !== null && matches(record, { ...filter, sinceMs })) records.push(record);
      }
      nextToken = reply.nextToken;
      if (nextToken === undefined) break;
      if (page + 1 >= PAGES_MAX) {
        truncated = true;
        break;
      }
    }
    // Of each group no more than are shown in the end.
    records = records.toSorted((a, b) => a.t - b.t).slice(-filter.limit);
  }
  return { records, truncated };
}

async function groupsOf(client: Pick<CloudWatchLogsClient, 'send'>, stage: string): Promise<readonly string[]> {
  const names: string[] = [];
  let nextToken: string | undefined;
  do {
    const token = nextToken === undefined ? {} : { nextToken };
    const reply = await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: `/3t/${stage}/`, ...token }));
    names.push(...(reply.logGroups ?? []).flatMap((group) => group.logGroupName ?? []));
    nextToken = reply.nextToken;
  } while (nextToken !== undefined);
  return names.sort();
}
