import { describe, expect, it } from 'vitest';
import type { Alerts } from '#shared/ports/alerts.ts';

export interface StoredAlert {
  readonly id: string;
  readonly severity: string;
  readonly message: string;
  readonly count: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}
/** An adapter, a way to move its clock and a look at what it keeps. */
export interface AlertsUnderTest {
  readonly alerts: Alerts;
  readonly setNowMs: (nowMs: number) => void;
  readonly stored: () => Promise<readonly StoredAlert[]>;
}

const alert = (id: string, message = 'm') =>
  ({
    id,
    kind: 'hold',
    severity: 'warning',
    exchange: 'hyperliquid',
    symbol: null,
    message,
    detail: { a: 1 },
  }) as const;

/** What every store of alerts promises. */
export function alertsContract(name: string, create: () => Promise<AlertsUnderTest>): void {
  describe(`alerts: ${name}`, () => {
    it('counts the same id as one episode with the newest message', async () => {
      const { alerts, setNowMs, stored } = await create();
      setNowMs(1_000);
      await alerts.raise(alert('a', 'first'));
      setNowMs(2_000);
      await alerts.raise({ ...alert('a', 'second'), severity: 'critical' });

      expect(await stored()).toMatchObject([
        { id: 'a', count: 2, message: 'second', severity: 'critical', firstAtMs: 1_000, lastAtMs: 2_000 },
      ]);
    });

    it('keeps different ids apart, however long they are', async () => {
      const { alerts, stored } = await create();
      const long = 'x'.repeat(100);
      await alerts.raise(alert(`${long}1`));
      await alerts.raise(alert(`${long}2`));
      await alerts.raise(alert(`${long}2`));

      const counts = (await stored()).map((a) => a.count).sort();
      expect(counts).toEqual([1, 2]);
    });
  });
}
