/** What whoever started this can put right: its message is a sentence and all that has to be said. */
export class UserError extends Error {
  override readonly name: string = 'UserError';
}
