// The running configuration as it is shown: defaults filled in, secrets left out.

import { stringify } from 'yaml';

import { mapValues } from './check.js';
import type { ConfigFile } from './schema.js';

/** What Prometheus shows in place of a secret. */
const MASK = '<secret>';

/** Names of keys, headers and parameters whose value is not for everyone. Errs on the side of hiding. */
const SECRET_NAME =
  /^key$|pass|secret|token|credential|auth(?!ority)|cookie|api.?key|access.?key|private.?key|signature/i;

/** Names that match SECRET_NAME and hold sections. */
const SECTIONS: ReadonlySet<string> = new Set(['basic_auth', 'authorization', 'oauth2']);

/** Mappings whose keys are the file's own and whose values stand on every series, for everyone to see. */
const LABELS: ReadonlySet<string | number | undefined> = new Set(['labels', 'external_labels']);

/**
 * The file as YAML. Masked are the schema's secrets, everything below a key, header or parameter with a name that
 * sounds like one (inert sections included, of which there is no schema), and passwords in URLs.
 */
export function maskedYaml(file: ConfigFile): string {
  const shown = mapValues(withDefaults(file), (value, schema, path) => {
    if (schema.secret === true || isSecret(value, path)) return MASK;
    if (schema.orOne === true && Array.isArray(value) && value.length === 1) return maskUrl(String(value[0]));
    return typeof value === 'string' ? maskUrl(value) : value;
  });
  // YAML 1.1 is what Go reads: it puts words like `yes` in quotes.
  return stringify(shown, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false });
}

function isSecret(value: unknown, path: readonly (string | number)[]): boolean {
  const name = String(path.at(-1) ?? '');
  if (!SECRET_NAME.test(name) || name.endsWith('_file') || name.endsWith('_url')) return false;
  if (LABELS.has(path.at(-2))) return false;
  // `authorization` is a section of ours, but a header among headers.
  const isHeader = path.at(-2) === 'http_headers';
  return isHeader || typeof value !== 'object' || !SECTIONS.has(name);
}

/** `http://user:password@host/?token=abc` without the password and the token. */
function maskUrl(text: string): string {
  return text
    .replace(/(\/\/[^/@:\s]*):[^/@\s]*@/g, `$1:${MASK}@`)
    .replace(/([?&][^=&\s]*(?:token|key|secret|pass|auth)[^=&\s]*=)[^&\s]*/gi, `$1${MASK}`);
}

/** The keys that matter to how a group is asked, as they are when the file does not say. */
function withDefaults(file: ConfigFile): ConfigFile {
  const groups = file.promxy?.server_groups ?? [];
  return {
    ...file,
    global: { evaluation_interval: '1m', ...file.global },
    promxy: {
      ...file.promxy,
      server_groups: groups.map((group) => ({
        scheme: 'http' as const,
        ignore_error: false,
        anti_affinity: '10s',
        ...group,
      })),
    },
  };
}
