/** MySQL and MariaDB: ER_LOCK_DEADLOCK. The Data API gives only the message. */
const MYSQL_DEADLOCK = 1213;

/** True when the database rolled a whole transaction back because another one was in its way: it may simply be tried again. */
export function isDeadlock(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { errno, message } = error as { errno?: unknown; message?: unknown };
  if (errno === MYSQL_DEADLOCK) return true;
  return typeof message === 'string' && /\bDeadlock found\b/.test(message);
}
