import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** SHA-256 of a request's content, field by field in the order given, as 64 hex digits: tells a repeat from another request. */
export const requestHash = (fields: readonly (string | null)[]): string =>
  bytesToHex(sha256(utf8ToBytes(JSON.stringify(fields))));
