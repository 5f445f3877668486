import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { EpochMs } from '../time.ts';

/** 8 lower-case hex digits: the first four bytes of every client order id of this installation. */
export const isInstallationTag = (text: string): boolean => /^[0-9a-f]{8}$/.test(text);

/**
 * The tag of a database that was taken for a copy or a backup, once a human has unlocked it there and then: the first 8 hex digits of
 * SHA-256 over the former tag, the exchange, the state's version and the time. Two copies are unlocked at different times, so they and
 * the original know each other's orders from their own.
 */
export const succeedingTag = (former: string, exchange: string, stateVersion: number, atMs: EpochMs): string =>
  bytesToHex(sha256(utf8ToBytes(JSON.stringify([former, exchange, stateVersion, atMs])))).slice(0, 8);
