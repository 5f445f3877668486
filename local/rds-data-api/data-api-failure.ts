/** An error of the Data API on the wire: status, `x-amzn-ErrorType` and message. */
export class DataApiFailure extends Error {
  readonly status: number;
  readonly type: string;
  /** More members of the body. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(status: number, type: string, message: string, members: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.status = status;
    this.type = type;
    this.members = members;
  }
}

export const badRequest = (message: string) => new DataApiFailure(400, 'BadRequestException', message);
export const invalid = (message: string) => new DataApiFailure(400, 'ValidationException', message);
export const databaseError = (message: string) => new DataApiFailure(400, 'DatabaseErrorException', message);

/** What MySQL refused, in the Data API's words. */
export function mysqlFailure(error: unknown): DataApiFailure {
  if (error instanceof DataApiFailure) return error;
  const {
    errno,
    sqlMessage,
    message = String(error),
    code,
  } = error as {
    errno?: number;
    sqlMessage?: string;
    message?: string;
    code?: string;
  };
  if (sqlMessage === undefined || errno === undefined) {
    return new DataApiFailure(
      504,
      'DatabaseUnavailableException',
      `the database cannot be reached: ${code ?? message}`,
    );
  }
  if (errno === ER_BAD_DB) return new DataApiFailure(404, 'DatabaseNotFoundException', sqlMessage);
  return databaseError(`Database error code: ${errno}. Message: ${sqlMessage}`);
}

const ER_BAD_DB = 1049;
