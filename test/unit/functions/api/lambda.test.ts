import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { beforeEach, describe, expect, it } from 'vitest';
import { createHandler } from '#functions/api/handler.ts';
import { type ApiUnderTest, apiEnv, apiUnderTest } from '#test/support/api.ts';
import { EXCHANGE, seedPlatform } from '#test/support/platform-rows.ts';

const HOST = 'abc123.lambda-url.ap-northeast-1.on.aws';
const IAM = { iam: { userArn: 'arn:aws:iam::000000000000:user/ada', accountId: '000000000000' } };

/** A Function URL's event; an HTTP API's has the same form. */
function urlEvent(
  method: string,
  path: string,
  change: { authorizer?: unknown; origin?: string; body?: unknown } = {},
) {
  const { authorizer = IAM, origin, body } = change;
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: '',
    headers: { host: HOST, 'content-type': 'application/json', ...(origin ? { origin } : {}) },
    requestContext: {
      domainName: HOST,
      authorizer,
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1' },
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    isBase64Encoded: false,
  } as unknown as APIGatewayProxyEventV2;
}

describe('api behind a Function URL', () => {
  let api: ApiUnderTest;
  let call: (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>;
  beforeEach(async () => {
    api = await apiUnderTest();
    await seedPlatform(api.db);
    const handler = createHandler({ ...api.deps, token: null, allowedHosts: null }, apiEnv);
    call = (event) => handler(event as never, {} as never) as Promise<APIGatewayProxyStructuredResultV2>;
  });

  it('serves reads and writes without a token when IAM named the caller', async () => {
    const read = await call(urlEvent('GET', '/api/status'));
    expect(read.statusCode).toBe(200);
    const write = await call(urlEvent('POST', '/api/lock', { body: { reason: 'test' } }));
    expect(write.statusCode).toBe(200);
    expect((await api.deps.systemState.read(EXCHANGE))?.state).toBe('LOCKED');
  });

  it.each([
    ['no authorizer', null],
    ['an empty one', {}],
    ['an authorizer that is not IAM', { jwt: { claims: {} } }],
    ['a caller without a name', { iam: {} }],
  ])('refuses every request with %s: the door was opened by mistake', async (_, authorizer) => {
    for (const event of [
      urlEvent('GET', '/health', { authorizer }),
      urlEvent('GET', '/api/status', { authorizer }),
      urlEvent('POST', '/api/lock', { authorizer, body: { reason: 'test' } }),
    ]) {
      const answer = await call(event);
      expect([answer.statusCode, JSON.parse(answer.body!).error.code]).toEqual([403, 'iam-required']);
    }
    expect((await api.deps.systemState.read(EXCHANGE))?.state).toBe('HEALTHY');
  });

  it('refuses a browser of another origin even when IAM named the caller', async () => {
    const answer = await call(urlEvent('POST', '/api/lock', { origin: 'https://evil.example', body: { reason: 'x' } }));
    expect([answer.statusCode, JSON.parse(answer.body!).error.code]).toEqual([403, 'wrong-origin']);
  });

  it('serves no events, whatever the environment says', async () => {
    expect((await call(urlEvent('GET', '/api/events'))).statusCode).toBe(501);
  });
});
