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
import { readsResultsOf } from '../group/dependencies.js';
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
  const units: RuleUnit[] = [];
  const taken = new Set<Node>();
  for (const first of nodes) {
    if (taken.has(first)) continue;
    const members = connected(first, nodes);
    for (const node of members) taken.add(node);
    units.push(
      createUnit(
        nodes.filter((node) => members.has(node)),
        options,
      ),
    );
  }
  return units;
}

function createNodes(groups: readonly RuleGroupSettings[], { ruleNames, features }: UnitOptions): Node[] {
  const nodes = groups.flatMap((group) =>
    group.rules.flatMap((settings): Node[] => {
      if (settings.kind !== 'recording') return [];
      if (ruleNames.length > 0 && !ruleNames.includes(settings.name)) return [];
      const expr = parseExpr(settings.expr, { features });
      const prepared = { expr, text: printExpr(expr), partialResponse: 'warn', holdMs: 0 } as const;
      const rule = new RecordingRule(settings, prepared);
      return [{ group, rule, reads: new Set(), readers: new Set(), readsBackwards: false }];
    }),
  );
  for (const [i, reader] of nodes.entries()) {
    for (const [j, writer] of nodes.entries()) {
      if (!readsResultsOf(reader.rule.expr, writer.rule)) continue;
      reader.reads.add(writer);
      writer.readers.add(reader);
      if (reader.group === writer.group && j >= i) reader.readsBackwards = true;
    }
  }
  return nodes;
}

/** The nodes that are connected with a node: groups without dependencies on others are units of their own. */
function connected(first: Node, nodes: readonly Node[]): ReadonlySet<Node> {
  const found = new Set([first]);
  for (const node of found) {
    const group = nodes.filter((other) => other.group === node.group);
    for (const other of [...node.reads, ...node.readers, ...group]) found.add(other);
  }
  return found;
}

function createUnit(nodes: readonly Node[], options: UnitOptions): RuleUnit {
  const { order, depth, hasCycle } = ordered(nodes);
  const windows = order.flatMap((node) => [...node.reads].map((read) => windowOf(node, read, options)));
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
  return { rules, isStepwise, depth, readsBackMs: Math.max(0, ...windows.map(({ backMs }) => backMs)) };
}

/** Orders nodes so that each one follows those that it reads. Those of a cycle keep the order of the files. */
function ordered(nodes: readonly Node[]): {
  readonly order: readonly Node[];
  readonly depth: number;
  readonly hasCycle: boolean;
} {
  const order: Node[] = [];
  const levels = new Map<Node, number>();
  while (order.length < nodes.length) {
    const next = nodes.find(
      (node) => !levels.has(node) && [...node.reads].every((read) => read === node || levels.has(read)),
    );
    if (next === undefined) return { order: nodes, depth: nodes.length, hasCycle: true };
    order.push(next);
    levels.set(next, 1 + Math.max(-1, ...[...next.reads].map((read) => levels.get(read) ?? 0)));
  }
  return { order, depth: Math.max(...levels.values()), hasCycle: false };
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

/** The window of the results that a rule reads, relative to the time of its evaluation. */
function windowOf(
  { rule }: Node,
  read: Node,
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
    if (!readsResultsOf(node, read.rule)) continue;
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
