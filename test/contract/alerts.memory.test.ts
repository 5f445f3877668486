import { memoryAlerts } from '#shared/adapters/memory/alerts.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { alertsContract } from './alerts.contract.ts';

alertsContract('memory', async () => {
  const clock = manualClock();
  const alerts = memoryAlerts(clock);
  return { alerts, setNowMs: clock.set, stored: async () => alerts.raised() };
});
