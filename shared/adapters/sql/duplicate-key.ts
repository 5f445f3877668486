/** SQLite's extended result codes for a broken primary key or unique constraint. */
const SQLITE_DUPLICATE = [1555, 2067];
/** MySQL and MariaDB: ER_DUP_ENTRY. The Data API gives only the message. */
const MYSQL_DUPLICATE = 1062;

/** True when an insert failed because its key is taken: the expected answer to "who was first". */
export function isDuplicateKey(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { errcode, errno, message } = error as { errcode?: unknown; errno?: unknown; message?: unknown };
  if (typeof errcode === 'number') return SQLITE_DUPLICATE.includes(errcode);
  if (errno === MYSQL_DUPLICATE) return true;
  return typeof message === 'string' && /\bDuplicate entry\b/.test(message);
}
