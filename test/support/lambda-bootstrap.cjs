/**
 * A Lambda runtime in small, for tests: loads the handler as AWS's own does and speaks the documented Runtime API.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
const { join } = require('node:path');

const base = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;

const typed = (error) => ({
  errorType: error?.name ?? 'Error',
  errorMessage: String(error?.message ?? error),
  stackTrace: String(error?.stack ?? '').split('\n'),
});

async function post(path, body, errorType) {
  const headers = { 'content-type': 'application/json' };
  if (errorType) headers['lambda-runtime-function-error-type'] = `Unhandled.${errorType}`;
  await fetch(`${base}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function main() {
  let handler;
  try {
    const [file, name] = process.env._HANDLER.split('.');
    handler = require(join(process.env.LAMBDA_TASK_ROOT, file))[name];
    if (typeof handler !== 'function') throw new TypeError(`${process.env._HANDLER} is not a function`);
  } catch (error) {
    await post('/init/error', typed(error), error?.name);
    process.exit(1);
  }
  for (;;) {
    const next = await fetch(`${base}/invocation/next`);
    const requestId = next.headers.get('lambda-runtime-aws-request-id');
    const deadlineMs = Number(next.headers.get('lambda-runtime-deadline-ms'));
    process.env._X_AMZN_TRACE_ID = next.headers.get('lambda-runtime-trace-id') ?? '';
    const context = {
      awsRequestId: requestId,
      functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
      functionVersion: '$LATEST',
      invokedFunctionArn: next.headers.get('lambda-runtime-invoked-function-arn'),
      memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
      getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
    };
    const event = await next.json();
    try {
      const answer = await handler(event, context);
      await post(`/invocation/${requestId}/response`, answer ?? null);
    } catch (error) {
      await post(`/invocation/${requestId}/error`, typed(error), error?.name);
    }
  }
}

main().catch((error) => {
  // The Runtime API is gone: so is the sandbox.
  process.exit(error?.cause?.code === 'ECONNREFUSED' || error?.cause?.code === 'UND_ERR_SOCKET' ? 0 : 1);
});
