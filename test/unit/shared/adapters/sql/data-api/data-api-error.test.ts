import { describe, expect, it } from 'vitest';
import { dataApiError } from '#shared/adapters/sql/data-api/data-api-error.ts';
import { isDeadlock } from '#shared/adapters/sql/deadlock.ts';
import { isDuplicateKey } from '#shared/adapters/sql/duplicate-key.ts';

const sdkError = (name: string, message: string) => Object.assign(new Error(message), { name });

describe('a failed call of the Data API', () => {
  it.each([
    [
      'DatabaseErrorException',
      "Database error code: 1062. Message: Duplicate entry 'a' for key 't.PRIMARY'",
      'duplicate-key',
    ],
    [
      'BadRequestException',
      "Duplicate entry 'a' for key 't.PRIMARY'; Error code: 1062; SQLState: 23000",
      'duplicate-key',
    ],
    [
      'DatabaseErrorException',
      'Database error code: 1213. Message: Deadlock found when trying to get lock',
      'deadlock',
    ],
    ['DatabaseErrorException', 'Database error code: 1205. Message: Lock wait timeout exceeded', 'lock-timeout'],
    ['DatabaseErrorException', 'Database error code: 1146. Message: Table x doesn’t exist', 'database'],
    ['DatabaseErrorException', 'Transaction is still running a query', 'database'],
    ['DatabaseResumingException', 'The Aurora DB instance is resuming', 'resuming'],
    ['StatementTimeoutException', 'Statement timed out', 'statement-timeout'],
    ['TransactionNotFoundException', 'Transaction AXp is not found', 'transaction-lost'],
    ['BadRequestException', 'Transaction AXp+/= is not found', 'transaction-lost'],
    ['BadRequestException', 'Database response exceeded size limit', 'response-too-large'],
    ['BadRequestException', 'Database returned more than the allowed response size limit', 'response-too-large'],
    ['ThrottlingException', 'Rate exceeded', 'busy'],
    ['ServiceUnavailableError', 'try later', 'busy'],
    ['AccessDeniedException', 'not authorized to perform: rds-data:ExecuteStatement', 'service'],
    ['TimeoutError', 'socket hang up', 'service'],
  ])('%s: %s is %s', (name, message, failure) => {
    const cause = sdkError(name, message);
    const error = dataApiError(cause);

    expect(error).toMatchObject({ failure, message, cause });
    expect(isDuplicateKey(error)).toBe(failure === 'duplicate-key');
    expect(isDeadlock(error)).toBe(failure === 'deadlock');
    expect(dataApiError(error), 'is not wrapped again').toBe(error);
  });
});
