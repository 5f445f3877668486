import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { FetchLike } from '#shared/adapters/system/keep-alive-fetch.ts';

/** Resolved by nobody: the host that the function sees when it is invoked as an API. */
export const LAMBDA_API_ORIGIN = 'https://api.3t.internal';

/** The function could not be asked, or failed before it could answer. */
export class LambdaHttpError extends Error {
  override readonly name = 'LambdaHttpError';
}

interface LambdaReply {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

/**
 * `fetch` for the API behind a function: each request is one invocation with the event of a Function URL (payload 2.0), so
 * `lambda:InvokeFunction` is the only way in and no address need be public. `caller` is who IAM knows us as, for the audit.
 * Throws LambdaHttpError when the function cannot be invoked or fails without an answer.
 */
export function createLambdaHttp(options: {
  readonly client: Pick<LambdaClient, 'send'>;
  readonly functionName: string;
  readonly caller: string;
}): FetchLike {
  const { client, functionName, caller } = options;
  return async (target, init = {}) => {
    const url = target instanceof URL ? target : new URL(target);
    const event = eventOf(url, init, caller);
    const reply = await client
      .send(
        new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(event) }),
        init.signal ? { abortSignal: init.signal } : {},
      )
      .catch((error: unknown) => {
        const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
        throw new LambdaHttpError(`function ${functionName} cannot be invoked: ${why}`, { cause: error });
      });
    const text = new TextDecoder().decode(reply.Payload);
    if (reply.FunctionError) throw new LambdaHttpError(`function ${functionName} failed: ${text.slice(0, 500)}`);
    const answer = JSON.parse(text) as LambdaReply;
    const body = answer.isBase64Encoded ? Buffer.from(answer.body ?? '', 'base64') : (answer.body ?? '');
    const status = answer.statusCode ?? 502;
    return new Response(status === 204 || status === 304 ? null : body, { status, headers: { ...answer.headers } });
  };
}

function eventOf(url: URL, init: RequestInit, caller: string): unknown {
  const headers = Object.fromEntries(new Headers(init.headers));
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    headers: { host: url.host, ...headers },
    requestContext: {
      domainName: url.host,
      http: { method: init.method ?? 'GET', path: url.pathname, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' },
      authorizer: { iam: { userArn: caller } },
    },
    ...(init.body == null ? {} : { body: String(init.body) }),
    isBase64Encoded: false,
  };
}
