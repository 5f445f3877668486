import * as z from 'zod';

/** Environment of balance, parsed once at start. */
export const balanceEnvSchema = z.object({
  EXCHANGE: z.string().min(1).max(64),
  /** Key of the rows. */
  ACCOUNT: z.string().min(1).max(64),
  /** Master address: what the venue is asked about. */
  ADDRESS: z.string().min(1).max(64),
});
export type BalanceEnv = z.infer<typeof balanceEnvSchema>;
