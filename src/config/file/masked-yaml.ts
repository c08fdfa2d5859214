// Prints the running configuration with defaults and without secrets.

import { stringify } from 'yaml';

import { isPublicHeader, isPublicParameter, isSecretName, MASK, maskUrl } from '../../model/index.js';
import type { ConfigFile } from './schema/config-file.js';
import { mapValues } from './schema-walk.js';

/** Keys with the name of a secret that hold a section. */
const SECTIONS: ReadonlySet<string> = new Set(['basic_auth', 'authorization', 'oauth2']);

/** Mappings from label names to values, which every series shows. */
const LABELS: ReadonlySet<string | number | undefined> = new Set(['labels', 'external_labels']);

/**
 * Prints the file as YAML. Masks the secrets of the schema, the values of headers and parameters that are not known to be
 * public, all values below a key whose name suggests a secret, and passwords in URLs. Sections without effect have no
 * schema: only their names decide.
 */
export function maskedYaml(file: ConfigFile): string {
  const shown = mapValues(withDefaults(file), (value, schema, path) => {
    const isOne = schema.orOne === true && Array.isArray(value) && value.length === 1;
    const shown = isOne ? String(value[0]) : value;
    if (schema.secret === true || isSecret(shown, path)) return MASK;
    return typeof shown === 'string' ? maskUrl(shown) : value;
  });
  // Go reads YAML 1.1, in which words such as `yes` must be quoted.
  return stringify(shown, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false });
}

function isSecret(value: unknown, path: readonly (string | number)[]): boolean {
  const name = String(path.at(-1) ?? '');
  const values = configuredValues(path);
  if (values !== undefined) return typeof value !== 'object' && !values.isPublic(values.name);
  if (!isSecretName(name) || name.endsWith('_file') || name.endsWith('_url')) return false;
  if (LABELS.has(path.at(-2))) return false;
  return typeof value !== 'object' || !SECTIONS.has(name);
}

/** Sections that map names of headers or parameters to values. */
const VALUES: ReadonlyMap<string | number, (name: string) => boolean> = new Map([
  ['query_params', isPublicParameter],
  ['params', isPublicParameter],
  ['http_headers', isPublicHeader],
  ['headers', isPublicHeader],
]);

/** Returns the header or the parameter whose value is at the path, and which of them are public. */
function configuredValues(
  path: readonly (string | number)[],
): { readonly name: string; readonly isPublic: (name: string) => boolean } | undefined {
  const at = path.findLastIndex((part, i) => VALUES.has(part) && i < path.length - 1);
  if (at < 0) return undefined;
  const name = String(path[at + 1]);
  const kind = path[at + 2];
  // The file says which values of a header are secrets, and `files` are paths.
  if (kind === 'files') return { name, isPublic: () => true };
  if (kind === 'values') return { name, isPublic: () => !isSecretName(name) };
  return { name, isPublic: VALUES.get(path[at]!)! };
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
