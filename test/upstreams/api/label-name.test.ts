import fc from 'fast-check';
import t from 'tap';

import { escapeLabelName } from '../../../src/upstreams/api/label-name.js';

t.test('label names are escaped as Prometheus unescapes them', (t) => {
  const cases = [
    { input: 'job', expected: 'job' },
    { input: '_private_1', expected: '_private_1' },
    { input: 'http.status', expected: 'U__http_2e_status' },
    { input: 'a_b.c', expected: 'U__a__b_2e_c' },
    { input: 'a:b', expected: 'U__a:b' },
    { input: 'größe', expected: 'U__gr_f6__df_e' },
    { input: '😀', expected: 'U___1f600_' },
    { input: 'U__x', expected: 'U__U____x' },
    { input: '1a', expected: 'U__1a' },
    { input: '\ud800', expected: 'U___fffd_' },
  ];
  for (const { input, expected } of cases) t.equal(escapeLabelName(input), expected, input);
  t.end();
});

/** How Prometheus reads a name in a path (prometheus/common, `UnescapeName`). */
function unescape(escaped: string): string {
  if (!escaped.startsWith('U__')) return escaped;
  return escaped
    .slice(3)
    .replace(/__|_([0-9a-f]{1,6})_/g, (match, hex: string | undefined) =>
      match === '__' ? '_' : String.fromCodePoint(parseInt(hex!, 16)),
    );
}

t.test('every name can be unescaped, and needs no percent-encoding', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
      const escaped = escapeLabelName(name);
      return unescape(escaped) === name && /^[a-zA-Z0-9_:]+$/.test(escaped);
    }),
  );
  fc.assert(
    fc.property(fc.stringMatching(/^[U_a:.]{1,12}$/), (name) => unescape(escapeLabelName(name)) === name),
  );
  t.end();
});
