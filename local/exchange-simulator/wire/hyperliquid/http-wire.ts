import type { Fault, FaultContext } from '../../faults/fault-script.ts';
import type { World } from '../../venue/world.ts';
import type { WireRequest, WireResponse } from '../wire-protocol.ts';
import { type FaultWords, type Reply, withFaults } from '../with-faults.ts';
import { answerExchange, exchangeRequestSchema, type Signing } from './exchange-endpoint.ts';
import { answerInfo, infoRequestSchema, UNREADABLE } from './info-endpoint.ts';

const NOT_FOUND: Reply = { status: 404, body: 'null' };

/** Answers `/info` and `/exchange`. Not found paths are 404, bodies that are no JSON or of another shape 422, as at the venue. */
export function answerHttp(
  world: World,
  faultsOf: (context: FaultContext) => Fault[],
  signing: Signing,
  request: WireRequest,
  after: (delayMs: number, run: () => void) => void,
): WireResponse {
  const { path } = request;
  const plainly = (reply: Reply) => withFaults([], () => reply, NO_WORDS, after);
  if ((request.method ?? 'POST') !== 'POST') return plainly({ status: 405, body: 'null' });
  if (path !== '/info' && path !== '/exchange') return plainly(NOT_FOUND);
  const parsed = parseBody(path, request.body);
  const faults = faultsOf(contextOf(path, parsed?.body, request.headers ?? {}));
  const execute = (): Reply => {
    if (!parsed) return UNREADABLE;
    if (parsed.path === '/info') return answerInfo(world, parsed.body, faults);
    return answerExchange(world, parsed.body, signing, faults);
  };
  const refused: FaultWords['refused'] = (fault) =>
    parsed?.path === '/exchange' ? refusalOf(parsed.body.action, fault) : null;
  return withFaults(faults, execute, { ...NO_WORDS, refused }, after);
}

const NO_WORDS: FaultWords = {
  limited: { status: 429, body: 'null' },
  failed: (status) => ({ status, body: 'null' }),
  refused: () => null,
};

/** The same words for every order or cancel of the action, as the venue answers a batch. */
function refusalOf(
  action: Record<string, unknown>,
  fault: { text: string; wholeRequest?: boolean | undefined },
): Reply {
  const items = [action.orders, action.cancels].find(Array.isArray);
  const isWhole = fault.wholeRequest === true || items === undefined;
  const type = action.type === 'cancelByCloid' ? 'cancel' : action.type;
  const body = isWhole
    ? { status: 'err', response: fault.text }
    : { status: 'ok', response: { type, data: { statuses: items.map(() => ({ error: fault.text })) } } };
  return { status: 200, body: JSON.stringify(body) };
}

type Parsed =
  | { readonly path: '/info'; readonly body: ReturnType<typeof infoRequestSchema.parse> }
  | { readonly path: '/exchange'; readonly body: ReturnType<typeof exchangeRequestSchema.parse> };

function parseBody(path: '/info' | '/exchange', text: string): Parsed | null {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return null;
  }
  if (path === '/info') {
    const parsed = infoRequestSchema.safeParse(raw);
    return parsed.success ? { path, body: parsed.data } : null;
  }
  const parsed = exchangeRequestSchema.safeParse(raw);
  // The action is hashed with its keys in the order received, which the parsed copy does not promise to keep.
  return parsed.success ? { path, body: { ...parsed.data, action: (raw as typeof parsed.data).action } } : null;
}

function contextOf(
  path: '/info' | '/exchange',
  body: Parsed['body'] | undefined,
  headers: NonNullable<WireRequest['headers']>,
): FaultContext {
  const info = path === '/info' ? (body as { type?: string; dex?: string; user?: string; coin?: string }) : undefined;
  const action = path === '/exchange' ? (body as { action?: { type?: string } } | undefined)?.action : undefined;
  return {
    path,
    type: info?.type ?? action?.type ?? '',
    dex: info?.dex,
    user: info?.user,
    coin: info?.coin,
    observer: headers['x-observer-id'],
    userAgent: headers['user-agent'],
  };
}
