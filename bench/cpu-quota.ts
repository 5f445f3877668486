import { accessSync, constants, existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PERIOD_US = 20_000;
/** Of memory for one vCPU. Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const MB_PER_VCPU = 1769;

/** The share of a CPU that Lambda gives with so much memory. */
export const cpuShareOf = (memoryMb: number): number => memoryMb / MB_PER_VCPU;

export interface CpuQuota {
  /** File to which a process writes its id to fall under the quota. */
  readonly procsFile: string;
  remove(): void;
}

/** A control group with that share of one CPU; null where this process may not make one. */
export function cpuQuota(name: string, share: number): CpuQuota | null {
  const quotaUs = Math.max(1000, Math.round(share * PERIOD_US));
  const v1 = '/sys/fs/cgroup/cpu';
  const isV1 = existsSync(join(v1, 'cpu.cfs_quota_us'));
  const dir = join(isV1 ? v1 : '/sys/fs/cgroup', name);
  try {
    accessSync(isV1 ? v1 : '/sys/fs/cgroup/cgroup.controllers', constants.R_OK);
    mkdirSync(dir, { recursive: true });
    if (isV1) {
      writeFileSync(join(dir, 'cpu.cfs_period_us'), String(PERIOD_US));
      writeFileSync(join(dir, 'cpu.cfs_quota_us'), String(quotaUs));
    } else writeFileSync(join(dir, 'cpu.max'), `${quotaUs} ${PERIOD_US}`);
    return { procsFile: join(dir, 'cgroup.procs'), remove: () => rmdirSync(dir) };
  } catch {
    return null;
  }
}
