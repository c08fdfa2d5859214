// Which configured values are secrets, by their names. The only list of such names.

/** Shown in place of a secret, as in Prometheus. */
export const MASK = '<secret>';

/** Matches too much rather than too little. */
const SECRET_NAME = new RegExp(
  [
    'pass(?!ive)|pwd|secret|token|jwt|bearer|credential|auth(?!or)|authorization|cookie|session|signature|saml|hmac|vault',
    '(?:api|access|private|account|shared|subscription|license|function|master|host|client|encryption)[-_.]?key',
    '^(?:.*[-_.])?(?:key|sig|sid|sas|code|otp|pin|pw)$',
  ].join('|'),
  'i',
);

/** Returns true when the value of a key, header or parameter with this name may be a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** Parameters that select data or the way it is computed. Source: Prometheus, VictoriaMetrics, Thanos and Mimir. */
const PUBLIC_PARAMETERS: ReadonlySet<string> = new Set([
  'dedup',
  'partial_response',
  'max_source_resolution',
  'engine',
  'explain',
  'analyze',
  'stats',
  'nocache',
  'round_digits',
  'latency_offset',
  'max_lookback',
  'extra_label',
  'extra_filters',
  'extra_filters[]',
  'storeMatch[]',
  'replicaLabels[]',
  'shard_info',
  'debug',
  'trace',
  'format',
  'timezone',
]);

/** Headers that describe the request or its tenant. In lower case. */
const PUBLIC_HEADERS: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'content-encoding',
  'content-type',
  'from',
  'host',
  'origin',
  'referer',
  'user-agent',
  'x-requested-with',
  'x-scope-orgid',
  'thanos-tenant',
  'x-prometheus-remote-write-version',
]);

/** Returns true when the value of a configured parameter may be shown. */
export function isPublicParameter(name: string): boolean {
  return PUBLIC_PARAMETERS.has(name);
}

/** Returns true when the value of a configured header may be shown. */
export function isPublicHeader(name: string): boolean {
  return PUBLIC_HEADERS.has(name.toLowerCase());
}

/** Masks the user's password and the parameters of a URL that may be secrets. */
export function maskUrl(text: string): string {
  return text
    .replace(/(\/\/[^/@:\s]*):[^/@\s]*@/g, `$1:${MASK}@`)
    .replace(/([?&;#])([^=&;#\s]+)=([^&;#\s]*)/g, (whole: string, mark: string, name: string) =>
      isSecretName(tryDecode(name)) ? `${mark}${name}=${MASK}` : whole,
    );
}

function tryDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
