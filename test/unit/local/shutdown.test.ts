import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Shutdown } from '#local/shutdown.ts';
import type { Terminal } from '#local/terminal.ts';

const EVENTS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'uncaughtException', 'unhandledRejection'] as const;

describe('Shutdown', () => {
  let before: Map<string, unknown[]>;
  beforeEach(() => {
    before = new Map(EVENTS.map((event) => [event, process.listeners(event as 'SIGINT')]));
  });
  afterEach(() => {
    for (const event of EVENTS) {
      for (const listener of process.listeners(event as 'SIGINT')) {
        if (!before.get(event)!.includes(listener)) process.off(event, listener);
      }
    }
  });

  it('says why it stops once, whatever else fails because of that', () => {
    const said: string[] = [];
    const terminal: Terminal = {
      quiet: false,
      announce: () => {},
      status: () => {},
      say: (t) => said.push(t),
      end: () => {},
    };
    const shutdown = new Shutdown(terminal);

    shutdown.fail('the disk is full');
    shutdown.fail('Error: database or disk is full\n    at somewhere');

    expect(said).toEqual(['3T stops: the disk is full']);
    expect(shutdown.requested).toBe(true);
  });
});
