import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { httpObserverDocuments } from '#shared/adapters/system/http-observer-documents.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { anObserverDocument } from '#test/support/system.ts';

const DOCUMENT = anObserverDocument('observer-1', 1_000);

describe('httpObserverDocuments', () => {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener).listen(0, '127.0.0.1');
    servers.push(server);
    await new Promise((resolve) => server.once('listening', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/3T-observer.json`;
  }

  /** Timers that a test fires by hand. */
  function handClock() {
    const timers: { delayMs: number; fire: () => void; cancelled: boolean }[] = [];
    const clock: Pick<Clock, 'setTimer'> = {
      setTimer: (delayMs, fire) => {
        const timer = { delayMs, fire, cancelled: false };
        timers.push(timer);
        return {
          cancel: () => {
            timer.cancelled = true;
          },
        };
      },
    };
    return { clock, timers };
  }

  const client = (url: string, clock = handClock().clock) =>
    httpObserverDocuments({ urls: { 'observer-1': url }, clock });

  it('reads a document and stops its timer', async () => {
    const { clock, timers } = handClock();
    const url = await serve((_, response) => response.end(JSON.stringify(DOCUMENT)));

    expect(await client(url, clock).get('observer-1')).toEqual(DOCUMENT);
    expect(timers).toMatchObject([{ delayMs: 5_000, cancelled: true }]);
  });

  it('gives up when the time is over', async () => {
    const { clock, timers } = handClock();
    const asked = Promise.withResolvers<void>();
    const url = await serve(() => asked.resolve());
    const reading = client(url, clock).get('observer-1');
    const outcome = reading.then(
      () => 'answered',
      (error: Error) => error.message,
    );
    await asked.promise;
    timers[0]!.fire();

    expect(await outcome).toBe('observer observer-1 did not answer within 5000 ms');
  });

  it('stops reading a body that is too large, whatever it promised', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      for (let n = 0; n < 30; n += 1) response.write(' '.repeat(65_536));
      response.end('{}');
    });

    await expect(client(url).get('observer-1')).rejects.toThrow('larger than 1048576 bytes');
  });

  it.each<[string, RequestListener, string]>([
    ['an error', (_, response) => response.writeHead(503).end('{}'), 'answered 503'],
    ['a redirect', (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), 'fetch failed'],
    ['a page', (_, response) => response.end('<html>'), 'not JSON'],
    [
      'the document of another',
      (_, response) => response.end(JSON.stringify({ ...DOCUMENT, observer_id: 'x' })),
      'written by x',
    ],
    ['nothing', (_, response) => response.end(), 'not JSON'],
  ])('refuses %s', async (_, listener, why) => {
    const url = await serve(listener);

    await expect(client(url).get('observer-1')).rejects.toThrow(why);
  });

  it('refuses an observer without an address, and to write', async () => {
    await expect(client('http://127.0.0.1:1/').get('observer-9')).rejects.toThrow('no address');
    await expect(client('http://127.0.0.1:1/').put(DOCUMENT)).rejects.toThrow('read only');
  });
});
