/** A user of the database with the rights of its role. */
export interface DatabaseLogin {
  /** app: all rows but the system's state; state: those alone; reader: none. All may read. */
  readonly role: 'app' | 'state' | 'reader';
  readonly username: string;
  readonly password: string;
}

/** Who may change the schema. Only `migrate` holds one. */
export interface SchemaOwner {
  /** Applies what is missing, forward only, and returns the names applied; cut off, it goes on where it was. */
  migrate(): Promise<readonly string[]>;
  /** Makes the users and brings their rights to exactly those of their roles. Returns what it changed, in words without secrets. */
  admit(logins: readonly DatabaseLogin[]): Promise<readonly string[]>;
}
