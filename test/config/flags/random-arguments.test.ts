// Random command lines.

import fc from 'fast-check';
import t from 'tap';

import { parseFlags } from '../../../src/config/index.js';
import { PromfedError } from '../../../src/model/index.js';

t.test('random arguments throw nothing but a PromfedError', async () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom(
      '--',
      '-',
      '--=',
      '=',
      '--config',
      '--bind-addr=',
      '--help',
      '-v',
      '--no-',
      '--web.external-url',
      'demo',
      'query',
      '--time=',
    ),
    fc
      .tuple(
        fc.constantFrom(
          '--bind-addr=',
          '--web.external-url=',
          '--query.timeout=',
          '--start=',
          '--step=',
          '--url=',
        ),
        fc.string(),
      )
      .map((p) => p.join('')),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (argv) => {
      try {
        parseFlags(argv, ['promql-experimental-functions']);
      } catch (error) {
        if (!(error instanceof PromfedError)) throw error;
      }
    }),
    { numRuns: 1000 },
  );
});
