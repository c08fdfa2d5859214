// The explanation of a plan: for every node where it is evaluated and why, and what each group is sent.

import { PromfedError, printMatchers, type Labels } from '../../../model/index.js';
import type { Position } from '../../language/index.js';
import { selectionKey } from '../native-histograms.js';
import type { FetchNode, PlanNode, SelectorNode } from '../node.js';
import { operands } from '../operands.js';
import { printExclusion } from '../pruning/explain-pruning.js';
import type { ExcludedGroup } from '../pruning/group-pruning.js';
import type { PlannedGroup } from '../pruning/planned-group.js';
import { printReason } from '../pushdown/reason.js';
import { headline } from './print-plan.js';
import type { OperatorStats, PartStats, RunStats } from './run-stats.js';

/** One node of a plan, as plain data that JSON can hold. */
export interface ExplainedNode {
  readonly kind: PlanNode['kind'];
  /** Name in the text of the plan: `sum by (region)`, `rate()`, `fetch`. */
  readonly operator: string;
  /** `here` for an operator that promfed evaluates, `groups` for an expression that the groups evaluate. */
  readonly where: 'here' | 'groups';
  /** The position in the query of the expression. */
  readonly position: Position;
  /** Why promfed evaluates it, where the groups might have. */
  readonly reason?: string;
  /** Only for a fetch or a selector of raw samples: the groups that are queried. */
  readonly groups?: readonly ExplainedPart[];
  /** Only for a fetch or a selector of raw samples: the groups that are not queried, and why. */
  readonly excluded?: readonly { readonly group: string; readonly reason: string }[];
  readonly analysis?: OperatorStats;
  /** In the order of the plan's text: a parameter before the expression it applies to. */
  readonly operands: readonly ExplainedNode[];
}

export interface ExplainedPart {
  readonly group: string;
  /** The expression that is sent to the group; for raw samples a selector. */
  readonly expression: string;
  /** Labels set on every series of the answer. */
  readonly labels: Readonly<Record<string, string>>;
  /** True when the answers of several targets are merged. */
  readonly replicated: boolean;
  readonly analysis?: PartStats;
}

/** Size limits of an explanation. Larger ones are of no use to a reader, and many JSON parsers reject deeper nesting. */
const MAX_LEVELS = 500;
const MAX_LINES = 50_000;
const MAX_CHARACTERS = 16 * 1024 * 1024;

/**
 * Explains a plan.
 *
 * @param stats the measurements of a run of this plan; undefined when it was not run.
 * @throws PromfedError `limit` when the explanation would have more than 500 levels, 50,000 lines or 16 Mi characters.
 */
export function explainPlan(plan: PlanNode, stats?: RunStats): ExplainedNode {
  checkSize(plan);
  return explainNode(plan, stats);
}

function explainNode(node: PlanNode, stats: RunStats | undefined): ExplainedNode {
  const analysis = stats?.operator(node);
  return {
    kind: node.kind,
    operator: headline(node),
    where: node.kind === 'fetch' ? 'groups' : 'here',
    position: node.position,
    ...(node.reason === undefined ? {} : { reason: printReason(node.reason) }),
    ...(node.kind === 'fetch' ? explainFetch(node, stats) : {}),
    ...(node.kind === 'selector' ? explainSelector(node, stats) : {}),
    ...(analysis === undefined ? {} : { analysis }),
    operands: operands(node).map((operand) => explainNode(operand, stats)),
  };
}

function explainFetch({ fetch, excluded }: FetchNode, stats: RunStats | undefined): Partial<ExplainedNode> {
  const { key, parts } = fetch;
  return {
    groups: parts.map(({ group, expr, addLabels }) =>
      explainPart(group, expr, addLabels, stats?.part(key, group.name)),
    ),
    excluded: explainExcluded(excluded),
  };
}

function explainSelector(
  { selection, excluded }: SelectorNode,
  stats: RunStats | undefined,
): Partial<ExplainedNode> {
  const key = selectionKey(selection.matchers);
  return {
    groups: selection.parts.map(({ group, matchers, addLabels }) =>
      explainPart(group, printMatchers(matchers), addLabels, stats?.part(key, group.name)),
    ),
    excluded: explainExcluded(excluded),
  };
}

function explainPart(
  { name, replicated }: PlannedGroup,
  expression: string,
  addLabels: Labels,
  analysis: PartStats | undefined,
): ExplainedPart {
  const labels = addLabels.toJSON();
  return { group: name, expression, labels, replicated, ...(analysis === undefined ? {} : { analysis }) };
}

function explainExcluded(excluded: readonly ExcludedGroup[]): NonNullable<ExplainedNode['excluded']> {
  return excluded.map((one) => ({ group: one.group.name, reason: printExclusion(one) }));
}

/**
 * Measures the plan level by level, before any text is composed.
 *
 * @throws PromfedError `limit` when the explanation would be too large.
 */
function checkSize(plan: PlanNode): void {
  let lines = 0;
  let characters = 0;
  for (let level: readonly PlanNode[] = [plan], levels = 1; level.length > 0; levels++) {
    let added = level.length;
    for (const node of level) {
      if (node.kind !== 'fetch' && node.kind !== 'selector') continue;
      const { parts } = node.kind === 'fetch' ? node.fetch : node.selection;
      added += parts.length + node.excluded.length;
      if (node.kind === 'fetch') for (const { expr } of node.fetch.parts) characters += expr.length;
    }
    lines += added;
    // The indentation of the text.
    characters += 2 * levels * added;
    if (levels > MAX_LEVELS) throw tooLarge(`${MAX_LEVELS} levels`);
    if (lines > MAX_LINES) throw tooLarge(`${MAX_LINES} lines`);
    if (characters > MAX_CHARACTERS) throw tooLarge(`${MAX_CHARACTERS} characters`);
    level = level.flatMap(operands);
  }
}

function tooLarge(limit: string): PromfedError {
  return new PromfedError(
    'limit',
    `the plan has more than ${limit}: explain does not show plans of that size`,
  );
}
