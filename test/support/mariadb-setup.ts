import type { TestProject } from 'vitest/node';
import { MariadbMissing, startPrivateMariadb } from '#local/mariadb/private-mariadb.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Socket of the run's MariaDB; null where none is installed. */
    mariadbSocket: string | null;
  }
}

/**
 * Global setup of the tests that use a real MySQL: one private instance for all of them. In CI it must be there.
 * `TEST_NPM_ONLY=1` leaves them out.
 */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (process.env.TEST_NPM_ONLY === '1') {
    process.stderr.write('\nleft out: every test on MySQL (npm run test:all)\n');
    project.provide('mariadbSocket', null);
    return undefined;
  }
  try {
    const mariadb = await startPrivateMariadb({ path: process.env.PATH ?? '' });
    project.provide('mariadbSocket', mariadb.socketPath);
    return () => mariadb.stop();
  } catch (error) {
    if (!(error instanceof MariadbMissing) || isCi()) throw error;
    process.stderr.write(`\nSKIPPED: every test on MySQL (${error.message})\n`);
    project.provide('mariadbSocket', null);
    return undefined;
  }
}

const isCi = (): boolean => !['', '0', 'false', undefined].includes(process.env.CI);
