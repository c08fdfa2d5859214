// Answers of promfed that differ from those of Prometheus on purpose.

/** A difference between promfed and the Prometheus of the tests. */
export interface Deviation {
  readonly reason: string;
  /** Matches the name of the request. */
  readonly request: RegExp;
  /** Matches promfed's answer in one line. */
  readonly answer: RegExp;
}

export const DEVIATIONS: readonly Deviation[] = [
  {
    reason: 'Prometheus returns 422 or 400 when it notices the time-out late',
    request: /&timeout=/,
    answer: /^503 .*"timeout","error":"query timed out in query execution"/,
  },
  {
    reason: 'promfed rounds a lookback below a millisecond up to one',
    request: /&lookback_delta=1e-4$/,
    answer: /^200 /,
  },
  {
    reason: 'promfed counts the steps after their rounding to milliseconds',
    request: /&step=1\.0000001$/,
    answer: /^400 .*exceeded maximum resolution/,
  },
  {
    reason: 'there is no label with such a name',
    request: /label\/%ff\/values$/,
    answer: /^400 .*"bad_data"/,
  },
  {
    reason: 'promfed decodes a slash in a label name',
    request: /label\/a%2Fb\/values$/,
    answer: /^200 .*"data":\[\]|^405 /,
  },
  { reason: 'promfed does not have the endpoint', request: /parse_query/, answer: /^404 / },
  {
    reason: 'the HTTP parser of Node.js accepts no bytes above 0x7f in URLs',
    request: /[\x80-\xff]/,
    answer: /^400 .*invalid HTTP request/,
  },
  {
    reason: 'Prometheus has a route without a function',
    request: /^(?:HEAD|PUT|DELETE|PATCH) \/api\/v1\/series$/,
    answer: /^405 GET, OPTIONS, POST/,
  },
  {
    reason: 'Prometheus redirects to a path without a route',
    request: /^POST \/(?:-\/(?:healthy|ready)|metrics)\//,
    answer: /^307 \//,
  },
];
