import { defineConfig } from 'vitest/config';

/** One project per kind of test; a kind says what a test may touch (docs: CONTRIBUTING.md "Tests"). */
const project = (name: string, include: string[], extra: Record<string, unknown> = {}) => ({
  test: { name, include, environment: 'node' as const, testTimeout: 20_000, ...extra },
});

export default defineConfig({
  test: {
    projects: [
      // Pure code and in-memory doubles: tests share a process, nothing leaks between them.
      project('unit', ['test/unit/**/*.test.ts', 'test/architecture.test.ts'], { isolate: false }),
      project('contract', ['test/contract/**/*.test.ts']),
      project('integration', ['test/integration/**/*.test.ts'], { testTimeout: 60_000 }),
      project('simulation', ['test/simulation/**/*.test.ts'], { testTimeout: 600_000 }),
      project('browser', ['test/browser/**/*.test.ts'], { testTimeout: 90_000 }),
    ],
  },
});
