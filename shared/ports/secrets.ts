/** Secrets by name: Secrets Manager on AWS, a file or the environment locally. Only composition roots hold one. */
export interface Secrets {
  /** The value, or `SecretError`: the message names the secret and never holds any part of a value. */
  get(name: string): Promise<string>;
}

export class SecretError extends Error {
  override readonly name = 'SecretError';
  readonly secretName: string;
  constructor(secretName: string, message: string, options?: ErrorOptions) {
    super(`secret ${secretName}: ${message}`, options);
    this.secretName = secretName;
  }
}
