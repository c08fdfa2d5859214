// The hash of a configuration, by which replicas of promfed are compared.

import { createHash, scryptSync } from 'node:crypto';

import { compareStrings } from '../model/index.js';
import type { ConfigFile } from './file/schema/config-file.js';
import type { Settings } from './settings.js';

/** Constant, because replicas with the same configuration must have the same hash. */
const SALT = 'promfed configuration';

/**
 * Returns 64 hexadecimal digits, equal for configurations with the same meaning. Comments, formatting and the order of
 * keys do not count; credentials and the contents of referenced files do.
 */
export function hashOf(settings: Settings, config: ConfigFile): string {
  // Sections without effect are shown, so they count. Patterns count, because they may match other files later.
  const sections = { ...config, global: {}, promxy: {}, alerting: {}, remote_write: [], rules: {} };
  const digest = createHash('sha256').update(canonicalJson({ settings, sections })).digest();
  // The hash and the rest of the configuration are public. With a fast hash, anyone could try passwords against it.
  return scryptSync(digest, SALT, 32, { N: 2 ** 13, r: 8, p: 1 }).toString('hex');
}

/** JSON with sorted keys. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).sort(([a], [b]) => compareStrings(a, b)));
  });
}
