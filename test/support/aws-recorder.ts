import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A call that a client made, as its signature names it. */
export interface RecordedCall {
  /** Access key id: tests give each process its own. */
  readonly who: string;
  /** `sqs:SendMessageBatch`, `s3:PutObject` */
  readonly action: string;
  /** Bucket and key, or the body. */
  readonly about: string;
}
export interface SentMessage {
  readonly queueUrl: string;
  readonly body: string;
  readonly groupId: string | undefined;
  readonly deduplicationId: string | undefined;
  readonly traceHeader: string | undefined;
}
export interface PutRecord {
  readonly stream: string;
  readonly partitionKey: string;
  readonly data: string;
}

export interface AwsRecorder {
  readonly url: string;
  readonly calls: RecordedCall[];
  /** Oldest first; tests take them out. */
  readonly messages: SentMessage[];
  readonly records: PutRecord[];
  readonly objects: Map<string, string>;
  readonly secrets: Map<string, string>;
  stop(): Promise<void>;
}

interface Entry {
  readonly Id: string;
  readonly MessageBody: string;
  readonly MessageGroupId?: string;
  readonly MessageDeduplicationId?: string;
  readonly MessageSystemAttributes?: { readonly AWSTraceHeader?: { readonly StringValue?: string } };
}

/** What takes the place of SQS, Kinesis, S3 and Secrets Manager for one test: remembers what was sent, and who sent it. */
export async function startAwsRecorder(): Promise<AwsRecorder> {
  const calls: RecordedCall[] = [];
  const messages: SentMessage[] = [];
  const records: PutRecord[] = [];
  const objects = new Map<string, string>();
  const secrets = new Map<string, string>();

  const operations: Readonly<Record<string, (input: never) => unknown>> = {
    'sqs:SendMessageBatch': ({ QueueUrl, Entries }: { QueueUrl: string; Entries: readonly Entry[] }) => {
      for (const entry of Entries) {
        messages.push({
          queueUrl: QueueUrl,
          body: entry.MessageBody,
          groupId: entry.MessageGroupId,
          deduplicationId: entry.MessageDeduplicationId,
          traceHeader: entry.MessageSystemAttributes?.AWSTraceHeader?.StringValue,
        });
      }
      const md5 = (text: string) => createHash('md5').update(text).digest('hex');
      return {
        Successful: Entries.map(({ Id, MessageBody }) => ({
          Id,
          MessageId: randomUUID(),
          MD5OfMessageBody: md5(MessageBody),
        })),
        Failed: [],
      };
    },
    'kinesis:PutRecords': ({
      StreamName,
      Records,
    }: {
      StreamName: string;
      Records: { Data: string; PartitionKey: string }[];
    }) => {
      for (const { Data, PartitionKey } of Records) {
        const data = Buffer.from(Data, 'base64').toString('utf8');
        records.push({ stream: StreamName, partitionKey: PartitionKey, data });
      }
      return {
        FailedRecordCount: 0,
        Records: Records.map((_, i) => ({
          SequenceNumber: String(records.length + i),
          ShardId: 'shardId-000000000000',
        })),
      };
    },
    'secretsmanager:GetSecretValue': ({ SecretId }: { SecretId: string }) => ({
      ARN: SecretId,
      Name: SecretId,
      SecretString: secrets.get(SecretId),
    }),
  };

  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    const [, who = '', service = ''] =
      /Credential=([^/]+)\/[^/]+\/[^/]+\/([^/]+)\//.exec(request.headers.authorization ?? '') ?? [];
    if (service === 's3') {
      const path = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname.slice(1));
      const action = request.method === 'PUT' ? 'PutObject' : 'GetObject';
      calls.push({ who, action: `s3:${action}`, about: path });
      if (action === 'PutObject') {
        objects.set(path, body);
        response.writeHead(200, { etag: '"1"' }).end();
        return;
      }
      const text = objects.get(path);
      if (text === undefined) {
        response.writeHead(404, { 'content-type': 'application/xml' });
        response.end('<Error><Code>NoSuchKey</Code><Message>absent</Message></Error>');
      } else response.writeHead(200, { 'content-length': Buffer.byteLength(text), etag: '"1"' }).end(text);
      return;
    }
    const action = `${service}:${String(request.headers['x-amz-target'] ?? '')
      .split('.')
      .at(-1)}`;
    calls.push({ who, action, about: body });
    const operation = operations[action];
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    if (operation) response.writeHead(200).end(JSON.stringify(operation(JSON.parse(body) as never)));
    else response.writeHead(400).end(JSON.stringify({ __type: 'UnknownOperationException', message: action }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    messages,
    records,
    objects,
    secrets,
    stop: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
