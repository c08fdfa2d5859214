// Prints the running configuration with defaults and without secrets.

import { stringify } from 'yaml';

import type { ConfigFile } from './schema/config-file.js';
import { mapValues } from './schema-walk.js';

/** Shown in place of a secret, as in Prometheus. */
const MASK = '<secret>';

/** Names of keys, headers and parameters whose value may be a secret. Matches too much rather than too little. */
const SECRET_NAME =
  /^key$|pass|secret|token|credential|auth(?!ority)|cookie|api.?key|access.?key|private.?key|signature/i;

/** Keys that match SECRET_NAME but hold a section. */
const SECTIONS: ReadonlySet<string> = new Set(['basic_auth', 'authorization', 'oauth2']);

/** Mappings from label names to values, which every series shows. */
const LABELS: ReadonlySet<string | number | undefined> = new Set(['labels', 'external_labels']);

/**
 * Prints the file as YAML. Masks the secrets of the schema, all values below a key, header or parameter whose name
 * suggests a secret, and passwords in URLs. Sections without effect have no schema: only their names decide.
 */
export function maskedYaml(file: ConfigFile): string {
  const shown = mapValues(withDefaults(file), (value, schema, path) => {
    if (schema.secret === true || isSecret(value, path)) return MASK;
    if (schema.orOne === true && Array.isArray(value) && value.length === 1) return maskUrl(String(value[0]));
    return typeof value === 'string' ? maskUrl(value) : value;
  });
  // Go reads YAML 1.1, in which words such as `yes` must be quoted.
  return stringify(shown, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false });
}

function isSecret(value: unknown, path: readonly (string | number)[]): boolean {
  const name = String(path.at(-1) ?? '');
  if (!SECRET_NAME.test(name) || name.endsWith('_file') || name.endsWith('_url')) return false;
  if (LABELS.has(path.at(-2))) return false;
  // `authorization` is a section of http_client, but below http_headers it is a header.
  const isHeader = path.at(-2) === 'http_headers';
  return isHeader || typeof value !== 'object' || !SECTIONS.has(name);
}

/** Masks the password and the token of `http://user:password@host/?token=abc`. */
function maskUrl(text: string): string {
  return text
    .replace(/(\/\/[^/@:\s]*):[^/@\s]*@/g, `$1:${MASK}@`)
    .replace(/([?&][^=&\s]*(?:token|key|secret|pass|auth)[^=&\s]*=)[^&\s]*/gi, `$1${MASK}`);
}

/** Adds the defaults of the keys that change how servers are called. */
function withDefaults(file: ConfigFile): ConfigFile {
  const groups = file.promxy?.server_groups ?? [];
  return {
    ...file,
    global: { evaluation_interval: '1m', ...file.global },
    ...(file.alerting && {
      alerting: {
        ...file.alerting,
        alertmanagers: (file.alerting.alertmanagers ?? []).map((entry) => ({
          scheme: 'http' as const,
          timeout: '10s',
          api_version: 'v2' as const,
          ...entry,
        })),
      },
    }),
    ...(file.remote_write && {
      remote_write: file.remote_write.map((entry) => ({
        remote_timeout: '30s',
        protobuf_message: 'prometheus.WriteRequest' as const,
        ...entry,
      })),
    }),
    promxy: {
      ...file.promxy,
      server_groups: groups.map((group) => ({
        scheme: 'http' as const,
        ignore_error: false,
        ...group,
      })),
    },
  };
}
