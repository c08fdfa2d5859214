// The schema of a rule file.

import Type, { type TObject } from 'typebox';

import { closed, mapOf, string } from './keys.js';

/** Missing and conflicting keys are checked later, with the texts of Prometheus. */
const rule = Type.Object(
  {
    record: string(),
    alert: string(),
    expr: string(),
    for: string('duration'),
    keep_firing_for: string('duration'),
    labels: mapOf(Type.String(), 'label-name'),
    annotations: mapOf(Type.String(), 'filter-label'),
  },
  closed,
);

const ruleGroup = Type.Object(
  {
    name: string(),
    interval: string('duration'),
    query_offset: string('duration'),
    limit: Type.Optional(Type.Integer()),
    labels: mapOf(Type.String(), 'label-name'),
    partial_response_strategy: string('partial-response'),
    rules: Type.Optional(Type.Array(rule)),
  },
  closed,
);

/**
 * A whole rule file.
 *
 * Source: Prometheus, model/rulefmt/rulefmt.go; `partial_response_strategy` of Thanos, pkg/rules/manager.go.
 */
export const ruleFileSchema = Type.Object(
  { groups: Type.Optional(Type.Array(ruleGroup)) },
  closed,
) satisfies TObject;

export type RuleGroupFile = Type.Static<typeof ruleGroup>;
export type RuleFileRule = Type.Static<typeof rule>;
