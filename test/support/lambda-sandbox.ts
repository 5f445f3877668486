import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const BOOTSTRAP = join(import.meta.dirname, 'lambda-bootstrap.cjs');
const REGION = 'ap-northeast-1';

export interface TypedError {
  readonly errorType: string;
  readonly errorMessage: string;
}
export type Invocation =
  | { readonly kind: 'answered'; readonly answer: unknown }
  | { readonly kind: 'failed' | 'init-failed'; readonly error: TypedError }
  | { readonly kind: 'died'; readonly exitCode: number | null; readonly lastLines: readonly string[] };

export interface SandboxOptions {
  readonly functionName: string;
  /** Folder of the bundle: `main.js` in it exports `handler`. */
  readonly dir: string;
  /** The function's own variables. Nothing of the test's environment is passed on. */
  readonly variables: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly memoryMb?: number;
}

/** One function in a process of its own behind the Lambda Runtime API, with the environment that Lambda gives it. */
export class LambdaSandbox {
  /** Lines that the function wrote to its log. */
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #server: ReturnType<typeof createServer>;
  readonly #timeoutMs: number;
  readonly #arn: string;
  #requests = 0;
  #poll: ServerResponse | null = null;
  #waiting: { event: string; id: string } | null = null;
  #settle: ((outcome: Invocation) => void) | null = null;
  #ended: Invocation | null = null;

  private constructor(options: SandboxOptions, server: ReturnType<typeof createServer>) {
    const { functionName, dir, variables, timeoutMs = 30_000, memoryMb = 512 } = options;
    this.#server = server;
    this.#timeoutMs = timeoutMs;
    this.#arn = `arn:aws:lambda:${REGION}:000000000000:function:${functionName}`;
    server.on('request', (request, response) => void this.#serve(request, response));
    const { port } = server.address() as AddressInfo;
    this.#child = spawn(process.execPath, [BOOTSTRAP], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: '/usr/bin:/bin',
        TZ: ':UTC',
        AWS_REGION: REGION,
        AWS_DEFAULT_REGION: REGION,
        AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
        AWS_LAMBDA_FUNCTION_NAME: functionName,
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
        AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
        AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
        AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
        AWS_XRAY_DAEMON_ADDRESS: '127.0.0.1:2000',
        LAMBDA_TASK_ROOT: dir,
        LAMBDA_RUNTIME_DIR: '/var/runtime',
        _HANDLER: 'main.handler',
        // Tells the recorder who calls.
        AWS_ACCESS_KEY_ID: functionName,
        AWS_SECRET_ACCESS_KEY: 'test',
        ...variables,
      },
    });
    // Lambda keeps one log for both.
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.lines.push(line));
    }
    this.#child.once('exit', (exitCode) => {
      this.#ended ??= { kind: 'died', exitCode, lastLines: this.lines.slice(-10) };
      this.#settle?.(this.#ended);
    });
  }

  static async start(options: SandboxOptions): Promise<LambdaSandbox> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new LambdaSandbox(options, server);
  }

  /** One event at a time, as Lambda does it. */
  async invoke(event: unknown): Promise<Invocation> {
    if (this.#settle) throw new Error('an invocation is under way');
    if (this.#ended) return this.#ended;
    this.#requests += 1;
    const outcome = new Promise<Invocation>((resolve) => {
      this.#settle = resolve;
    });
    this.#waiting = {
      event: JSON.stringify(event),
      id: `00000000-0000-0000-0000-${String(this.#requests).padStart(12, '0')}`,
    };
    if (this.#poll) this.#deliver(this.#poll);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), this.#timeoutMs);
    try {
      return await outcome;
    } finally {
      clearTimeout(timer);
      this.#settle = null;
    }
  }

  async stop(): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await ended;
    }
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #deliver(response: ServerResponse): void {
    const { event, id } = this.#waiting!;
    this.#waiting = null;
    this.#poll = null;
    response.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': id,
      'lambda-runtime-deadline-ms': String(Date.now() + this.#timeoutMs),
      'lambda-runtime-invoked-function-arn': this.#arn,
      'lambda-runtime-trace-id': 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1',
    });
    response.end(event);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.replace('/2018-06-01/runtime', '') ?? '';
    if (path === '/invocation/next') {
      this.#poll = response;
      if (this.#waiting) this.#deliver(response);
      return;
    }
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}');
    if (path === '/init/error') {
      this.#ended = { kind: 'init-failed', error: JSON.parse(text) as TypedError };
      this.#settle?.(this.#ended);
    } else if (path.endsWith('/error')) this.#settle?.({ kind: 'failed', error: JSON.parse(text) as TypedError });
    else this.#settle?.({ kind: 'answered', answer: JSON.parse(text) });
  }
}
