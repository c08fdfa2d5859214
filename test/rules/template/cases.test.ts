// The template tables, whose expected texts come from a real Prometheus.

import t from 'tap';

import { ALL_GROUPS } from '../../helpers/templates/all-cases.js';
import { outcomeOf, templateData } from '../../helpers/templates/expand.js';

for (const { name, cases } of ALL_GROUPS) {
  t.test(`templates expand as in Prometheus: ${name}`, async (t) => {
    for (const { template, value = 1.5, ...expected } of cases) {
      const outcome = await outcomeOf(template, { data: templateData({ value }) });
      t.strictSame({ isNew: expected.isNew, ...outcome }, { isNew: undefined, ...expected }, template);
    }
  });
}
