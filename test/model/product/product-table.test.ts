// Constructs that products lack or evaluate differently, by version.

import t from 'tap';

import { SIGNATURES } from '../../../src/promql/functions/index.js';
import { isListed, lackOf, type Product } from '../../../src/model/index.js';

const prometheus = (version: string): Product => ({ name: 'prometheus', version });
const VICTORIAMETRICS: Product = { name: 'victoriametrics', version: '' };
const UNKNOWN: Product = { name: 'unknown', version: '' };

const cases: readonly (readonly [product: Product, construct: string, text: string | undefined])[] = [
  [prometheus('3.14.0'), 'first_over_time', undefined],
  [prometheus('3.13.2'), 'first_over_time', 'lacks first_over_time'],
  [prometheus('3.5.3+ds1'), 'first_over_time', 'lacks first_over_time'],
  [VICTORIAMETRICS, 'first_over_time', undefined],
  [UNKNOWN, 'first_over_time', 'may lack first_over_time'],
  [{ name: 'thanos', version: '0.42.4' }, 'first_over_time', 'lacks first_over_time'],
  [{ name: 'mimir', version: '3.2.0' }, 'first_over_time', 'lacks first_over_time'],
  [prometheus('4.0.0'), 'first_over_time', undefined],
  [prometheus('3.5.3'), 'rate', undefined],
  [prometheus('3.5.3'), 'varying parameter', undefined],
  [
    prometheus('3.4.2'),
    'varying parameter',
    'evaluates the parameter of an aggregation at the first step only',
  ],
  [prometheus('2.51.2'), 'varying parameter', undefined],
  [prometheus('3.0.0'), 'extrapolation', undefined],
  [
    prometheus('2.55.1'),
    'extrapolation',
    'includes the left end of a range, by which this function extrapolates',
  ],
  [UNKNOWN, 'extrapolation', undefined],
  [
    UNKNOWN,
    'operands without names',
    'may be VictoriaMetrics and then keeps names of the operands, on which the result depends',
  ],
  [prometheus('3.5.3'), 'operands without names', undefined],
  [{ name: 'mimir', version: '3.2.0' }, 'operands that become equal', undefined],
  [prometheus('2.39.0'), 'histogram_fraction', 'lacks histogram_fraction'],
  [prometheus('2.42.0'), 'histogram_avg', 'lacks histogram_avg'],
  [prometheus('2.42.0'), 'clamp', undefined],
  [VICTORIAMETRICS, 'histogram_count', 'lacks histogram_count'],
  [VICTORIAMETRICS, 'histogram_quantile', undefined],
  [VICTORIAMETRICS, 'extrapolation', undefined],
  [
    { name: 'thanos', version: '0.36.1' },
    'extrapolation',
    'includes the left end of a range, by which this function extrapolates',
  ],
  [{ name: 'thanos', version: '0.38.0' }, 'extrapolation', undefined],
];

t.test('products and constructs', async (t) => {
  for (const [product, construct, text] of cases) {
    t.equal(lackOf(product, construct)?.text, text, `${product.name} ${product.version}: ${construct}`);
  }
});

t.test('no experimental function is listed, because these are never sent', async (t) => {
  for (const { name, experimental } of SIGNATURES.values()) if (experimental) t.notOk(isListed(name), name);
});
