import { Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { clientOrderIdSchema } from '#shared/messages/order-command.ts';
import type { ApiDeps } from '../deps.ts';
import { HttpError } from '../http-error.ts';
import { readJson } from '../input.ts';

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,120}$/;

/** The order gateway's HTTP face. */
export function orderRoutes(deps: ApiDeps): Hono {
  const app = new Hono();

  app.post('/execute_order', async (c) => {
    const key = c.req.header('idempotency-key');
    if (key === undefined) {
      throw new HttpError(400, 'idempotency-key-required', 'an order needs the header Idempotency-Key');
    }
    if (!IDEMPOTENCY_KEY.test(key)) {
      throw new HttpError(400, 'idempotency-key-malformed', 'expected 1 to 120 visible ASCII characters');
    }
    const body = await readJson(c);
    const answer = await deps.submitManualOrder({ idempotencyKey: key, body, correlationId: deps.ids.next() });
    return c.json(answer.body as object, answer.httpStatus as ContentfulStatusCode);
  });

  app.get('/orders/:clientOrderId', async (c) => {
    const id = clientOrderIdSchema.safeParse(c.req.param('clientOrderId'));
    if (!id.success) throw new HttpError(400, 'malformed-order-id', 'expected 0x and 32 lower-case hex digits');
    const order = await deps.readModel.order(id.data);
    if (!order) throw new HttpError(404, 'unknown-order', 'no order of that id is stored');
    return c.json(order);
  });

  return app;
}
