// A plan explained: every node with where it runs and why, and what each group is asked.

import { PromfedError, printMatchers, type Matcher } from '../../../model/index.js';
import type { Position } from '../../language/index.js';
import type { RunStats, OperatorStats, PartStats } from './run-stats.js';
import { matchersForGroup, relevantGroups, type PlannedGroup } from '../pruning/group-pruning.js';
import { createIrrelevance } from '../pruning/irrelevance.js';
import type { FetchNode, PlanNode, SelectorNode } from '../node.js';
import { operands } from '../operands.js';
import { headline } from './print-plan.js';
import { printReason } from '../pushdown/reason.js';

/** One node of a plan, as plain data that JSON can hold. */
export interface ExplainedNode {
  readonly kind: PlanNode['kind'];
  /** As the plan's text has it: `sum by (region)`, `rate()`, `fetch`. */
  readonly operator: string;
  /** Whether it is computed by promfed, or stands for what the groups compute. */
  readonly where: 'here' | 'groups';
  /** The place in the query of what it stands for. */
  readonly position: Position;
  /** Why it is computed here, in words, where it might have been sent. */
  readonly reason?: string;
  /** Of a fetch: whether equal series of different groups have to be merged. */
  readonly overlapping?: boolean;
  /** Of a fetch, or a selector of raw samples: who is asked for what. */
  readonly groups?: readonly ExplainedPart[];
  /** The groups that are not asked, and why. */
  readonly irrelevant?: readonly { readonly group: string; readonly reason: string }[];
  readonly analysis?: OperatorStats;
  /** In the order of the plan's text: a parameter before what it is applied to. */
  readonly operands: readonly ExplainedNode[];
}

export interface ExplainedPart {
  readonly group: string;
  /** As the group is sent it; of raw samples a selector. */
  readonly expression: string;
  /** Set on every series of the answer. */
  readonly labels: Readonly<Record<string, string>>;
  /** Whether the answers of several targets are merged. */
  readonly replicated: boolean;
  readonly analysis?: PartStats;
}

/** More is told nobody: a reader has no use for it, and JSON of any depth is more than many readers can parse. */
const MAX_LEVELS = 500;
const MAX_LINES = 50_000;
const MAX_CHARACTERS = 16 * 1024 * 1024;

/** The key by which what was measured of a selection of raw samples is found. */
export function selectionKey(matchers: readonly Matcher[]): string {
  return printMatchers(matchers);
}

/**
 * Explains a plan over the groups that it was made for.
 *
 * @param figures what a run of exactly this plan was measured to take; left out, nothing was run.
 * @throws PromfedError `limit` when the explanation would have more than 500 levels, 50,000 lines or 16 Mi characters.
 */
export function explainPlan(
  plan: PlanNode,
  groups: readonly PlannedGroup[],
  figures?: RunStats,
): ExplainedNode {
  checkSize(plan, groups);
  const irrelevance = createIrrelevance(groups);
  return explain(plan);

  function explain(node: PlanNode): ExplainedNode {
    const analysis = figures?.operator(node);
    return {
      kind: node.kind,
      operator: headline(node),
      where: node.kind === 'fetch' ? 'groups' : 'here',
      position: node.position,
      ...(node.reason === undefined ? {} : { reason: printReason(node.reason) }),
      ...(node.kind === 'fetch' ? ofFetch(node) : node.kind === 'selector' ? ofSelector(node) : {}),
      ...(analysis === undefined ? {} : { analysis }),
      operands: operands(node).map(explain),
    };
  }

  function ofFetch({ fetch, source }: FetchNode): Partial<ExplainedNode> {
    const asked = new Set(fetch.parts.map(({ group }) => group.name));
    return {
      overlapping: fetch.overlapping,
      groups: fetch.parts.map((part) =>
        explainPart(part.group, part.expr, part.addLabels.toJSON(), fetch.key),
      ),
      irrelevant: source === undefined ? [] : irrelevance.ofExpr(source, asked),
    };
  }

  function ofSelector({ matchers }: SelectorNode): Partial<ExplainedNode> {
    const relevant = relevantGroups(matchers, groups);
    const key = selectionKey(matchers);
    return {
      groups: relevant.map((group) =>
        explainPart(group, printMatchers(matchersForGroup(matchers, group)), group.labels.toJSON(), key),
      ),
      irrelevant: irrelevance.ofMatchers(matchers, new Set(relevant.map(({ name }) => name))),
    };
  }

  function explainPart(
    { name, replicated }: PlannedGroup,
    expression: string,
    labels: Record<string, string>,
    key: string,
  ): ExplainedPart {
    const analysis = figures?.part(key, name);
    return { group: name, expression, labels, replicated, ...(analysis === undefined ? {} : { analysis }) };
  }
}

function checkSize(plan: PlanNode, groups: readonly PlannedGroup[]): void {
  let lines = 0;
  let characters = 0;
  for (let level: readonly PlanNode[] = [plan], levels = 1; level.length > 0; levels++) {
    const isLeaf = ({ kind }: PlanNode): boolean => kind === 'fetch' || kind === 'selector';
    const added = level.length + level.filter(isLeaf).length * groups.length;
    lines += added;
    // The indentation of the text.
    characters += 2 * levels * added;
    for (const node of level) {
      if (node.kind === 'fetch') for (const { expr } of node.fetch.parts) characters += expr.length;
    }
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
