// The schema of a unit test of rules.

import Type, { type TObject } from 'typebox';

import { closed, mapOf, string } from './keys.js';

const inputSeries = Type.Optional(
  Type.Array(Type.Object({ series: string(undefined, { emptyText: true }), values: string() }, closed)),
);

const region = Type.Object(
  { name: string(), labels: mapOf(Type.String(), 'label-name'), input_series: inputSeries },
  closed,
);

const expectedAlert = Type.Object(
  { exp_labels: mapOf(Type.String(), 'filter-label'), exp_annotations: mapOf(Type.String(), 'filter-label') },
  closed,
);

const alertTest = Type.Object(
  {
    eval_time: string('duration'),
    alertname: string(),
    exp_alerts: Type.Optional(Type.Array(expectedAlert)),
  },
  closed,
);

const expectedSample = Type.Object(
  { labels: string(undefined, { emptyText: true }), value: string('yaml-number'), histogram: string() },
  closed,
);

const exprTest = Type.Object(
  {
    expr: string(),
    eval_time: string('duration'),
    exp_samples: Type.Optional(Type.Array(expectedSample)),
  },
  closed,
);

const test = Type.Object(
  {
    interval: string('duration'),
    name: string(),
    start_timestamp: string('test-time'),
    input_series: inputSeries,
    regions: Type.Optional(Type.Array(region)),
    alert_rule_test: Type.Optional(Type.Array(alertTest)),
    promql_expr_test: Type.Optional(Type.Array(exprTest)),
    external_labels: mapOf(Type.String(), 'label-name'),
    external_url: string(),
  },
  closed,
);

/**
 * A whole unit test. `regions` is promfed's own.
 *
 * Source: Prometheus, cmd/promtool/unittest.go.
 */
export const unitTestFileSchema = Type.Object(
  {
    rule_files: Type.Optional(Type.Array(Type.String())),
    evaluation_interval: string('duration'),
    group_eval_order: Type.Optional(Type.Array(Type.String())),
    fuzzy_compare: Type.Optional(Type.Boolean()),
    tests: Type.Optional(Type.Array(test)),
  },
  closed,
) satisfies TObject;

export type UnitTestFile = Type.Static<typeof unitTestFileSchema>;
export type UnitTestGroupFile = Type.Static<typeof test>;
