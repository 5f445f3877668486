import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { logEvents } from '#shared/telemetry/names.ts';
import { LAST_RUN_QUERY, REFUSALS_QUERY } from './dashboards.ts';
import type { PlatformContext } from './platform-context.ts';

/** Logs Insights queries by name: the questions that an operator asks of the logs. */
export const savedQueries: Readonly<Record<string, readonly string[]>> = {
  'errors and warnings': [
    'fields @timestamp, level, event, message, error, correlationId, @log',
    'filter level in ["ERROR", "error", "WARN", "warn"]',
    'sort @timestamp desc',
    'limit 200',
  ],
  'errors by event': [
    'filter level in ["ERROR", "error"]',
    'stats count(*) as n, latest(@timestamp) as last by event, @log',
    'sort n desc',
  ],
  'one chain by correlation id': [
    'fields @timestamp, @log, event, symbol, clientOrderId, status, message',
    'filter correlationId = "PUT THE ID HERE"',
    'sort @timestamp asc',
  ],
  'decisions and refusals': [
    'fields @timestamp, symbol, kind, code, correlationId',
    `filter event = "${logEvents.decisionRecorded}"`,
    'stats count(*) as n by symbol, kind, code',
    'sort n desc',
  ],
  'refusals by code': REFUSALS_QUERY,
  'orders and fills': [
    'fields @timestamp, event, symbol, clientOrderId, status, code, correlationId',
    `filter event in ["${logEvents.orderAnswered}", "${logEvents.orderEnded}", "${logEvents.fillStored}"]`,
    'sort @timestamp desc',
  ],
  'changes of the system state': [
    'fields @timestamp, from, to, lockMode, reason, by',
    `filter event = "${logEvents.stateChanged}"`,
    'sort @timestamp desc',
  ],
  'dropped inputs and dead records': [
    'fields @timestamp, what, code, sample, source, recordId, error',
    `filter event in ["${logEvents.inputDropped}", "${logEvents.recordDead}"]`,
    'sort @timestamp desc',
  ],
  'feed connections': [
    'fields @timestamp, event, reason',
    `filter event in ["${logEvents.feedConnected}", "${logEvents.feedDisconnected}", "${logEvents.feedGap}"]`,
    'sort @timestamp desc',
  ],
  'cold starts': [
    'filter type = "platform.report" and ispresent(record.metrics.initDurationMs)',
    'stats count(*) as n, avg(record.metrics.initDurationMs) as avgMs, max(record.metrics.initDurationMs) as maxMs by @log',
  ],
  'last run by function': LAST_RUN_QUERY,
};

export function addSavedQueries(scope: Construct, context: PlatformContext, logGroupNames: readonly string[]): void {
  for (const [name, lines] of Object.entries(savedQueries)) {
    new logs.CfnQueryDefinition(scope, `Query-${name.replaceAll(' ', '-')}`, {
      name: `3t/${context.config.stage}/${name}`,
      queryString: lines.join('\n| '),
      logGroupNames: [...logGroupNames],
    });
  }
}
