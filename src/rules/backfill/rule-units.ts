// Units of a backfill: rule groups that depend on each other, and the order in which their rules are evaluated.

import type { RuleGroupSettings } from '../../config/index.js';
import {
  type Duration,
  type Expr,
  type FeatureSet,
  parseExpr,
  printExpr,
  walk,
} from '../../promql/language/index.js';
import { dataWindows } from '../../promql/plan/index.js';
import { readsResultsOf, ResultIndex } from '../group/dependencies.js';
import { slotOffsetMs } from '../group/slots.js';
import { RecordingRule } from '../recording-rule.js';

/** A recording rule with the times of its group. */
export interface UnitRule {
  readonly group: RuleGroupSettings;
  readonly rule: RecordingRule;
  /** True when other rules of the unit read its results. */
  readonly isRead: boolean;
  /** Names of the rules of the unit whose results it reads. */
  readonly reads: readonly string[];
  /** Samples have the times `offsetMs` + k × `intervalMs`. */
  readonly intervalMs: number;
  readonly offsetMs: number;
}

/** Groups that depend on each other, evaluated together. */
export interface RuleUnit {
  /** In the order of their evaluation; in that of the files when steps are evaluated one by one. */
  readonly rules: readonly UnitRule[];
  /** True when steps are evaluated one by one: a rule reads its own results, for example, or those of a later rule. */
  readonly isStepwise: boolean;
  /**
   * Time before a step from which its rules read results of the unit. 0 when no rule does, Infinity when it is not
   * limited.
   */
  readonly readsBackMs: number;
  /** Length of the longest chain of dependencies. */
  readonly depth: number;
}

export interface UnitOptions {
  /** Names of the rules to keep; empty for all. */
  readonly ruleNames: readonly string[];
  readonly features: FeatureSet;
  readonly defaultStepMs: number;
  readonly lookbackDeltaMs: number | undefined;
}

interface Node {
  /** Position among the selected rules of all files. */
  readonly position: number;
  readonly group: RuleGroupSettings;
  readonly rule: RecordingRule;
  /** Nodes whose results the rule reads. */
  readonly reads: Set<Node>;
  readonly readers: Set<Node>;
  /** True when it reads the results of an earlier evaluation of itself or of a later rule of its group. */
  readsBackwards: boolean;
}

/** Returns the units in the order of the files. */
export function createUnits(groups: readonly RuleGroupSettings[], options: UnitOptions): RuleUnit[] {
  const nodes = createNodes(groups, options);
  const byGroup = new Map<RuleGroupSettings, Node[]>(groups.map((group) => [group, []]));
  for (const node of nodes) byGroup.get(node.group)!.push(node);
  const units: RuleUnit[] = [];
  const taken = new Set<Node>();
  for (const first of nodes) {
    if (taken.has(first)) continue;
    const members = connected(first, byGroup);
    for (const node of members) taken.add(node);
    units.push(createUnit(members, options));
  }
  return units;
}

function createNodes(groups: readonly RuleGroupSettings[], { ruleNames, features }: UnitOptions): Node[] {
  const nodes: Node[] = [];
  for (const group of groups) {
    for (const settings of group.rules) {
      if (settings.kind !== 'recording') continue;
      if (ruleNames.length > 0 && !ruleNames.includes(settings.name)) continue;
      const expr = parseExpr(settings.expr, { features });
      const prepared = { expr, text: printExpr(expr), partialResponse: 'warn', holdMs: 0 } as const;
      const rule = new RecordingRule(settings, prepared);
      const position = nodes.length;
      nodes.push({ position, group, rule, reads: new Set(), readers: new Set(), readsBackwards: false });
    }
  }
  const index = new ResultIndex(nodes.map(({ rule }) => rule));
  for (const reader of nodes) {
    for (const position of index.readBy(reader.rule.expr)) {
      const writer = nodes[position]!;
      reader.reads.add(writer);
      writer.readers.add(reader);
      if (reader.group === writer.group && position >= reader.position) reader.readsBackwards = true;
    }
  }
  return nodes;
}

/**
 * Returns the nodes that are connected with a node, in the order of the files. Groups without dependencies on others are
 * units of their own.
 */
function connected(first: Node, byGroup: ReadonlyMap<RuleGroupSettings, readonly Node[]>): readonly Node[] {
  const groups = new Set([first.group]);
  for (const group of groups) {
    for (const { reads, readers } of byGroup.get(group)!) {
      for (const other of [...reads, ...readers]) groups.add(other.group);
    }
  }
  return [...groups].flatMap((group) => byGroup.get(group)!).sort((a, b) => a.position - b.position);
}

function createUnit(nodes: readonly Node[], options: UnitOptions): RuleUnit {
  const { order, depth, hasCycle } = ordered(nodes);
  const windows = order.map((node) => windowOf(node, options));
  const isStepwise =
    hasCycle ||
    nodes.some(({ rule, readsBackwards }) => readsBackwards || dependsOnRange(rule.expr)) ||
    windows.some(({ aheadMs }) => aheadMs > 0);
  const rules = (isStepwise ? nodes : order).map(({ group, rule, reads, readers }): UnitRule => {
    const slotMs = slotOffsetMs(group.file, group.name, group.intervalMs);
    return {
      group,
      rule,
      isRead: readers.size > 0,
      reads: [...new Set([...reads].map((read) => read.rule.name))],
      intervalMs: group.intervalMs,
      offsetMs: slotMs - group.queryOffsetMs,
    };
  });
  const readsBackMs = windows.reduce((longest, { backMs }) => Math.max(longest, backMs), 0);
  return { rules, isStepwise, depth, readsBackMs };
}

/** Orders nodes so that each one follows those that it reads. Those of a cycle keep the order of the files. */
function ordered(nodes: readonly Node[]): {
  readonly order: readonly Node[];
  /** Length of the longest chain of dependencies. */
  readonly depth: number;
  readonly hasCycle: boolean;
} {
  const levels = new Map(nodes.map((node) => [node, 0]));
  /** Number of nodes that each one reads and that are not in the order yet. */
  const unordered = new Map(nodes.map((node) => [node, node.reads.size - (node.reads.has(node) ? 1 : 0)]));
  const order = nodes.filter((node) => unordered.get(node) === 0);
  let depth = 0;
  for (const node of order) {
    depth = Math.max(depth, levels.get(node)!);
    for (const reader of node.readers) {
      if (reader === node) continue;
      levels.set(reader, Math.max(levels.get(reader)!, levels.get(node)! + 1));
      unordered.set(reader, unordered.get(reader)! - 1);
      if (unordered.get(reader) === 0) order.push(reader);
    }
  }
  if (order.length < nodes.length) return { order: nodes, depth: nodes.length, hasCycle: true };
  return { order, depth, hasCycle: false };
}

/** Functions that return the times of the query. */
const QUERY_FUNCTIONS: ReadonlySet<string> = new Set(['start', 'end', 'range', 'step']);

/** Reports whether the value at a step depends on the other steps of a range query. */
function dependsOnRange(expr: Expr): boolean {
  let depends = false;
  walk(expr, (node) => {
    if (node.kind === 'call' && QUERY_FUNCTIONS.has(node.func)) depends = true;
    if (node.kind === 'vectorSelector' || node.kind === 'subquery') {
      depends ||= (node.at !== undefined && node.at.kind !== 'timestamp') || isComputed(node.offset);
    }
    if (node.kind === 'matrixSelector' || node.kind === 'subquery') depends ||= isComputed(node.range);
  });
  return depends;
}

/** Reports whether a duration is an expression, which may contain step() or range(). */
function isComputed(duration: Duration | undefined): boolean {
  return duration !== undefined && duration.kind !== 'durationLiteral';
}

/** An arbitrary time far from the epoch, so that no window starts before it. */
const ANY_TIME_MS = 2 ** 42;

/** The window of the results of the unit that a rule reads, relative to the time of its evaluation. */
function windowOf(
  { rule, reads }: Node,
  { defaultStepMs, lookbackDeltaMs }: UnitOptions,
): { readonly backMs: number; readonly aheadMs: number } {
  const windowsAt = (timeMs: number) =>
    dataWindows(
      rule.expr,
      { startMs: timeMs, endMs: timeMs, stepMs: 0, defaultStepMs, lookbackMs: lookbackDeltaMs },
      () => ({ offsetMs: 0, atMs: undefined }),
      false,
    );
  const later = windowsAt(ANY_TIME_MS + 1);
  let backMs = 0;
  let aheadMs = 0;
  for (const [node, { afterMs, untilMs }] of windowsAt(ANY_TIME_MS)) {
    if (![...reads].some((read) => readsResultsOf(node, read.rule))) continue;
    // A window that does not move with the time is fixed by `@`.
    const isFixed = later.get(node)?.untilMs === untilMs;
    backMs = Math.max(backMs, isFixed ? Infinity : ANY_TIME_MS - afterMs);
    aheadMs = Math.max(aheadMs, isFixed ? 0 : untilMs - ANY_TIME_MS);
  }
  return { backMs, aheadMs };
}

/** Returns the pairs of a rule and a rule that is not selected, but whose results it reads. */
export function unselectedReads(
  groups: readonly RuleGroupSettings[],
  options: UnitOptions,
): readonly { readonly reader: string; readonly read: string }[] {
  const isSelected = ({ rule }: Node): boolean => options.ruleNames.includes(rule.name);
  return createNodes(groups, { ...options, ruleNames: [] }).flatMap((node) => {
    if (!isSelected(node)) return [];
    return [...node.reads]
      .filter((read) => !isSelected(read))
      .map((read) => ({ reader: node.rule.name, read: read.rule.name }));
  });
}
