import { readEvidence } from './judge-rows.ts';
import { runScenario } from './run-scenario.ts';
import { scenarioOf } from './scenario.ts';
import { judgeRun } from './simulate-seed.ts';

/** Runs one seed and prints what was planned, what happened and what the judge says. Answers the exit code. */
export async function tellSeed(seed: number): Promise<number> {
  const scenario = scenarioOf(seed);
  const print = (title: string, lines: readonly unknown[]) => {
    console.log(`\n${title}`);
    for (const line of lines) console.log(`  ${typeof line === 'string' ? line : JSON.stringify(line)}`);
  };
  print(`seed ${seed}: settings`, scenario.overrides);
  print('faults, kills, redelivery and orders by hand (ms from the start)', [
    ...scenario.faults,
    ...scenario.kills,
    scenario.redelivery ?? 'no redelivery',
    ...scenario.manualOrders,
    { network: scenario.network, newHolderPerLife: scenario.newHolderPerLife },
  ]);
  return runScenario(scenario, async (run) => {
    const result = await judgeRun(run);
    const evidence = await readEvidence(run);
    const at = (atMs: number | null) => (atMs === null ? '-' : `${((atMs - run.startedAtMs) / 1000).toFixed(1)} s`);
    print('fired', [
      ...run.fired.map((f) => `${at(f.atMs)} ${f.kind} ${f.id} ${f.path} ${f.type}`).slice(0, 200),
      ...run.kills.map((kill) => `${at(kill.atMs)} kill ${kill.moment}, back at ${at(kill.revivedAtMs)}`),
      `${run.redeliveries.length} redeliveries`,
    ]);
    print(
      'states',
      evidence.audit.map((a) => `${at(a.at_ms)} ${a.from_state} → ${a.to_state}: ${a.reason}`),
    );
    print(
      'orders',
      evidence.orders.map(
        (o) =>
          `${at(o.created_at_ms)} ${o.symbol} epoch ${o.epoch} ${o.order_class} ${o.side} ${o.size} at ${o.limit_price}: ${[
            ...(run.statuses.get(o.client_order_id) ?? []),
          ].join(
            ' → ',
          )}, filled ${o.filled_size}, ended ${at(o.ended_at_ms)} ${o.error_code ?? ''} ${o.client_order_id}`,
      ),
    );
    print(
      'decisions',
      evidence.decisions.map(
        (d) =>
          `${at(d.created_at_ms)} to ${at(d.last_at_ms)} ×${d.episode_count} ${d.symbol} ${d.kind} ${d.code}: desired ${d.desired_size}, actual ${d.actual_size}`,
      ),
    );
    print('orders by hand', run.manualAnswers);
    print(
      'warnings and errors',
      run.world.telemetry.logs
        .filter((entry) => entry.level === 'error' || entry.level === 'warn')
        .slice(0, 200)
        .map(({ level, event, fields }) => `${level} ${event} ${JSON.stringify(fields).slice(0, 300)}`),
    );
    print('faults ended at', [at(run.faultsEndedAtMs), `run ended at ${at(run.endedAtMs)}`]);
    print('violations', result.violations);
    print('rows', result.rows);
    console.log(`\n${result.acceptedOrders} orders, ${result.faultsFired} faults, ${result.decisionLogSha256}`);
    console.log(result.violations.length === 0 ? '1 passed, 0 failed' : '0 passed, 1 failed');
    return result.violations.length === 0 ? 0 : 1;
  });
}
