import * as z from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);
const list = z.string().transform((text) => text.split(',').filter((item) => item !== ''));

/** Environment of the platform runner, parsed once at start. Addresses of AWS come by AWS's own variables. */
export const platformRunnerEnvSchema = z.object({
  /** Settings: config/<stage>.yaml. */
  STAGE: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
  /** `key=value` pairs over the settings, one to a line. */
  CONFIG_OVERRIDES: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== ''),
    ),
  AWS_ENDPOINT_URL: z.url({ protocol: /^https?$/ }),
  AWS_ENDPOINT_URL_RDS_DATA: z.url({ protocol: /^https?$/ }),
  AWS_REGION: z.string().regex(/^[a-z]{2}-[a-z]+-\d$/),
  AWS_ACCESS_KEY_ID: z.string().min(1),
  AWS_SECRET_ACCESS_KEY: z.string().min(1),
  /** UDP `host:port` that takes X-Ray segments; absent or empty: chains are not traced. */
  AWS_XRAY_DAEMON_ADDRESS: z
    .string()
    .optional()
    .transform((text) => text || undefined),
  /** The account that the emulator plays. */
  AWS_ACCOUNT_ID: z
    .string()
    .regex(/^\d{12}$/)
    .default('000000000000'),
  /** Who owns the database's schema. */
  DATABASE_OWNER: z.string().min(1).default('root'),
  DATABASE_OWNER_PASSWORD: z.string(),
  /** Where the venue answers. */
  VENUE_HTTP_URL: z.url({ protocol: /^https?$/ }),
  VENUE_WS_URL: z.url({ protocol: /^wss?$/ }),
  /** Checkpoints of the streams. */
  STATE_DIR: z.string().min(1),
  /** Folder of secrets.yml, or of secrets.yml.example with the simulator's published keys. */
  SECRETS_DIR: z.string().min(1),
  /** The API's door: address, port, and the names by which it may be called (Host headers). */
  DOOR_HOST: z.string().min(1).default('127.0.0.1'),
  DOOR_PORT: port.default(8787),
  DOOR_NAMES: list.default([]),
  POLL_INTERVAL_MS: z.coerce.number().int().min(200).max(10_000).default(500),
  /** Of one function's heap. */
  FUNCTION_MEMORY_MIB: z.coerce.number().int().min(64).max(4096).default(256),
  FUNCTION_TIMEOUT_S: z.coerce.number().int().min(1).max(900).default(60),
});
export type PlatformRunnerEnv = z.infer<typeof platformRunnerEnvSchema>;
