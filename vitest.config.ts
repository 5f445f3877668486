import { defineConfig } from 'vitest/config';

/** One project per kind of test; a kind says what a test may touch (docs: CONTRIBUTING.md "Tests"). */
const project = (name: string, include: string[], extra: Record<string, unknown> = {}) => ({
  // Long enough for a machine that is busy with something else: a timeout says that a test hangs, not how fast it is.
  test: { name, include, environment: 'node' as const, testTimeout: 60_000, hookTimeout: 120_000, ...extra },
});

/** Runs after the groups before it, in one worker. */
const alone = (groupOrder: number) => ({ sequence: { groupOrder }, maxWorkers: 1 });

export default defineConfig({
  test: {
    projects: [
      // Pure code and databases in memory: tests share a process, nothing leaks between them.
      project('unit', ['test/unit/**/*.test.ts', 'test/kills/**/*.test.ts', 'test/architecture.test.ts'], {
        isolate: false,
      }),
      // One private MariaDB for all of them, where it is installed.
      project('contract', ['test/contract/**/*.test.ts'], {
        exclude: ['test/contract/**/*.aws.test.ts'],
        sequence: { groupOrder: 1 },
        globalSetup: ['test/support/mariadb-setup.ts'],
      }),
      // The same contracts on AWS's wire protocols: an emulator of its own, or what TEST_AWS_ENDPOINT names.
      project('aws', ['test/contract/**/*.aws.test.ts'], {
        testTimeout: 120_000,
        sequence: { groupOrder: 1 },
        globalSetup: ['test/support/aws-setup.ts'],
      }),
      // One process, so that aws-cdk-lib is loaded and each template built once.
      project('infra', ['test/infra/**/*.test.ts'], { testTimeout: 60_000, isolate: false, ...alone(1) }),
      // Real processes and sockets wait in real time: one file at a time, and nothing beside them.
      project('integration', ['test/integration/**/*.test.ts'], { testTimeout: 120_000, ...alone(2) }),
      project('simulation', ['test/simulation/**/*.test.ts'], { testTimeout: 600_000, ...alone(3) }),
      // Deploys into an emulator of AWS: half a minute, then the deployed functions trade.
      project('aws-stacks', ['test/aws/**/*.test.ts'], { testTimeout: 60_000, ...alone(5) }),
      project('browser', ['test/browser/**/*.test.ts'], { testTimeout: 90_000, ...alone(4) }),
    ],
  },
});
