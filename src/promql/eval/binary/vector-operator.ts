// Binary operators between two vectors, set operators apart.

import { Labels, PromfedError, type Column } from '../../../model/index.js';
import type { VectorMatching } from '../../language/index.js';
import type { BinaryNode } from '../../plan/index.js';

import { mergeSameLabels, dropMetadataLabels, hasHistograms } from '../columns.js';
import { anyOperator, putSample, sampleOf, trimOfFloats } from './histogram-operator.js';
import { groupBySignature, matchLabels, presenceOf, printLabels } from './matching.js';
import { ARITHMETIC, COMPARISON, isArithmetic, isComparison, isTrim } from './operators.js';
import { unsupported, type Evaluator, type VectorOperand } from '../evaluator.js';

/**
 * Each sample of the "many" side with the one sample of the "one" side that has the same matching labels at the
 * same step. The left is the many side, but with group_right; with neither grouping both sides are "one".
 *
 * Source: Prometheus, promql/engine.go (`VectorBinop`, `resultMetric`).
 *
 * @throws PromfedError `execution` where matches are not unique: the error of the earliest step.
 */
export async function vectorVector(
  evaluator: Evaluator,
  node: BinaryNode,
  matching: VectorMatching,
  lhs: VectorOperand,
  rhs: VectorOperand,
): Promise<VectorOperand> {
  const swapped = matching.card === 'one-to-many';
  const [manySide, oneSide] = swapped ? [rhs, lhs] : [lhs, rhs];
  const failure = new EarliestFailure();
  const partners = await partnersOf(evaluator, matching, manySide, oneSide, failure);
  const anyHistograms = hasHistograms(lhs) || hasHistograms(rhs);
  const matches = new Matches(evaluator, node, matching, { swapped, failure, anyHistograms });
  const fill = fillOf(matching);
  const manyGroups = await groupBySignature(evaluator.pacer, manySide.columns, matching);
  for (const [signature, many] of manyGroups) {
    const partner = partners.get(signature) ?? (fill.one === undefined ? undefined : NO_PARTNER);
    if (partner === undefined) continue;
    matches.beginGroup(many.length > 1);
    for (const column of many) {
      if (evaluator.pacer.due) await evaluator.pacer.pause();
      matches.add(column, partner);
    }
  }
  if (fill.many !== undefined) {
    for (const [signature, partner] of partners) {
      if (evaluator.pacer.due) await evaluator.pacer.pause();
      const many = manyGroups.get(signature) ?? [];
      matches.addUnmatched(partner, await presenceOf(evaluator.pacer, many, evaluator.grid.count), fill.many);
    }
  }
  failure.throwIfAny();
  for (const partner of partners.values())
    if (partner.index !== undefined) evaluator.budget.release(evaluator.grid.count);
  evaluator.release(lhs, rhs);
  return mergeSameLabels(evaluator, evaluator.vector(matches.columns));
}

/** The one side of a match group. */
interface Partner {
  readonly columns: readonly Column[];
  /** Which of several columns has a sample at each step, −1 for none; undefined when there is one column. */
  readonly index: Int32Array | undefined;
}

const NO_PARTNER: Partner = { columns: [], index: undefined };

/**
 * What stands in for a missing sample of either side. With group_right too the left fill is for the many side.
 *
 * Source: Prometheus, promql/engine.go (`VectorBinop`), which fills after it has swapped the sides.
 */
function fillOf({ fill }: VectorMatching): {
  readonly many: number | undefined;
  readonly one: number | undefined;
} {
  return { many: fill.lhs, one: fill.rhs };
}

interface MatchTraits {
  /** The left is the one side. */
  readonly swapped: boolean;
  readonly failure: EarliestFailure;
  readonly anyHistograms: boolean;
}

/** Collects the results of matches. */
class Matches {
  readonly columns: Column[] = [];
  readonly #evaluator: Evaluator;
  readonly #matching: VectorMatching;
  readonly #swapped: boolean;
  readonly #failure: EarliestFailure;
  readonly #dropsName: boolean;
  readonly #apply: Apply;
  /** The operator as it takes histograms too; undefined when there are none. */
  readonly #applyAny: ReturnType<typeof anyOperator> | undefined;
  readonly #labelsOf: (many: Labels, one: Labels) => Labels;
  /** At which steps a result is spoken for, by its identity within the group; undefined when nothing can clash. */
  #claims: Map<string, Uint8Array> | undefined;

  constructor(
    evaluator: Evaluator,
    node: BinaryNode,
    matching: VectorMatching,
    { swapped, failure, anyHistograms }: MatchTraits,
  ) {
    this.#evaluator = evaluator;
    this.#matching = matching;
    this.#swapped = swapped;
    this.#failure = failure;
    this.#dropsName = evaluator.delaysNameRemoval && node.returnBool;
    this.#apply = operatorOf(evaluator, node);
    this.#applyAny = anyHistograms ? anyOperator(evaluator, node, this.#apply) : undefined;
    this.#labelsOf = resultLabels(evaluator, node, matching);
  }

  beginGroup(mayClash: boolean): void {
    this.#claims = mayClash ? new Map() : undefined;
  }

  /** Matches one column of the many side. */
  add(many: Column, { columns, index }: Partner): void {
    const targets = new Map<string, Column>();
    const { one: filler } = fillOf(this.#matching);
    const filled = filler === undefined ? undefined : this.#constant(many.labels, filler);
    let current: number | undefined;
    let one = filled;
    let target: Column | undefined;
    let claim: Uint8Array | undefined;
    for (let step = 0; step < many.present.length; step++) {
      if (many.present[step] === 0) continue;
      let partner = index === undefined ? 0 : index[step]!;
      if ((columns[partner]?.present[step] ?? 0) === 0) partner = -1;
      if (partner < 0 && filled === undefined) continue;
      if (partner !== current) {
        current = partner;
        one = columns[partner] ?? filled!;
        target = this.#target(targets, this.#labelsOf(many.labels, one.labels));
        claim = this.#claim(target.labels);
      }
      if (claim?.[step] === 1) {
        this.#fail(step);
        return;
      }
      if (claim !== undefined) claim[step] = 1;
      const [left, right] = this.#swapped ? [one!, many] : [many, one!];
      this.#put(target!, left, right, step);
    }
  }

  /** Writes what the operator makes of two samples. */
  #put(target: Column, left: Column, right: Column, step: number): void {
    if (this.#applyAny !== undefined) {
      const result = this.#applyAny(sampleOf(left, step), sampleOf(right, step));
      const { histograms = [] } = target;
      if (result !== undefined) putSample(this.#evaluator, { ...target, histograms }, step, result);
      return;
    }
    const result = this.#apply(left.values[step]!, right.values[step]!);
    if (result === undefined) return;
    target.values[step] = result;
    target.present[step] = 1;
  }

  /** The one side where the many side has nothing: `present` says where it has. */
  addUnmatched({ columns }: Partner, present: Uint8Array, filler: number): void {
    for (const one of columns) {
      const many = this.#constant(one.labels, filler);
      const [left, right] = this.#swapped ? [one, many] : [many, one];
      let target: Column | undefined;
      for (let step = 0; step < present.length; step++) {
        if (one.present[step] === 0 || present[step] !== 0) continue;
        target ??= this.#target(new Map(), this.#labelsOf(many.labels, one.labels));
        this.#put(target, left, right, step);
      }
    }
  }

  /** What stands in for the partner of a series: a constant with the labels that they would be matched by. */
  #constant(labels: Labels, value: number): Column {
    const { count } = this.#evaluator.grid;
    const values = new Float64Array(count).fill(value);
    return { labels: matchLabels(this.#matching)(labels), values, present: new Uint8Array(count).fill(1) };
  }

  #target(targets: Map<string, Column>, labels: Labels): Column {
    const known = targets.get(labels.key);
    if (known !== undefined) return known;
    const column = this.#applyAny
      ? this.#evaluator.newHistogramColumn(labels, this.#dropsName)
      : this.#evaluator.newColumn(labels, this.#dropsName);
    targets.set(labels.key, column);
    this.columns.push(column);
    return column;
  }

  #claim(labels: Labels): Uint8Array | undefined {
    if (this.#claims === undefined) return undefined;
    // One-to-one, every two matches of a group clash, whatever their labels.
    const identity = this.#matching.card === 'one-to-one' ? '' : labels.key;
    let claim = this.#claims.get(identity);
    if (claim === undefined) {
      claim = new Uint8Array(this.#evaluator.grid.count);
      this.#claims.set(identity, claim);
    }
    return claim;
  }

  #fail(step: number): void {
    this.#failure.add(step, 1, () =>
      this.#matching.card === 'one-to-one'
        ? 'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)'
        : 'multiple matches for labels: grouping labels must ensure unique matches',
    );
  }
}

type Apply = (l: number, r: number) => number | undefined;

/** The result of two values, undefined where a comparison filters it out. */
function operatorOf(evaluator: Evaluator, node: BinaryNode): Apply {
  const { op, returnBool } = node;
  if (isArithmetic(op)) return ARITHMETIC[op];
  if (isTrim(op)) return trimOfFloats(evaluator, node);
  if (!isComparison(op)) throw unsupported(`the operator ${op}`);
  const holds = COMPARISON[op];
  if (returnBool) return (l, r) => (holds(l, r) ? 1 : 0);
  return (l, r) => (holds(l, r) ? l : undefined);
}

/** The labels of a match's result. Arithmetic drops the name at once, delayed removal or not. */
function resultLabels(
  evaluator: Evaluator,
  { op, returnBool }: BinaryNode,
  { card, on, labels: names, include }: VectorMatching,
): (many: Labels, one: Labels) => Labels {
  const nameSet = new Set(names);
  const includeSet = new Set(include);
  return (many, one) => {
    let labels = isArithmetic(op) ? dropMetadataLabels(many) : many;
    if (card === 'one-to-one') labels = on ? labels.keep(nameSet) : labels.drop(nameSet);
    if (includeSet.size > 0) labels = labels.drop(includeSet).with(one.keep(includeSet));
    return returnBool && !evaluator.delaysNameRemoval ? dropMetadataLabels(labels) : labels;
  };
}

/**
 * The one side by signature. Two of its series in a group, at a step at which the many side has anything, cannot be
 * matched.
 */
async function partnersOf(
  evaluator: Evaluator,
  matching: VectorMatching,
  manySide: VectorOperand,
  oneSide: VectorOperand,
  failure: EarliestFailure,
): Promise<ReadonlyMap<string, Partner>> {
  const partners = new Map<string, Partner>();
  let anyMany: Uint8Array | undefined;
  for (const [signature, columns] of await groupBySignature(evaluator.pacer, oneSide.columns, matching)) {
    let index: Int32Array | undefined;
    if (columns.length > 1) {
      if (evaluator.pacer.due) await evaluator.pacer.pause();
      // Without a fill nothing is matched, and nothing can fail, while the many side is empty.
      const always = matching.fill.lhs !== undefined || matching.fill.rhs !== undefined;
      anyMany ??= always
        ? new Uint8Array(evaluator.grid.count).fill(1)
        : await presenceOf(evaluator.pacer, manySide.columns, evaluator.grid.count);
      index = await indexOf(evaluator, matching, columns, anyMany, failure);
    }
    partners.set(signature, { columns, index });
  }
  return partners;
}

async function indexOf(
  evaluator: Evaluator,
  matching: VectorMatching,
  columns: readonly Column[],
  anyMany: Uint8Array,
  failure: EarliestFailure,
): Promise<Int32Array> {
  const { count } = evaluator.grid;
  evaluator.budget.reserve(count);
  const index = new Int32Array(count).fill(-1);
  for (const [i, { labels, present }] of columns.entries()) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    for (let step = 0; step < count; step++) {
      if (present[step] === 0 || anyMany[step] === 0) continue;
      const earlier = index[step]!;
      if (earlier >= 0) {
        failure.add(step, 0, () => duplicateMessage(matching, labels, columns[earlier]!.labels));
        break;
      }
      index[step] = i;
    }
  }
  return index;
}

function duplicateMessage(matching: VectorMatching, labels: Labels, earlier: Labels): string {
  const group = printLabels(matchLabels(matching)(labels));
  const side = matching.card === 'one-to-many' ? 'left' : 'right';
  const both = `[${[labels, earlier]
    .sort((a, b) => Labels.compare(a, b))
    .map(printLabels)
    .join(', ')}]`;
  return `found duplicate series for the match group ${group} on the ${side} hand-side of the operation: ${both};many-to-many matching not allowed: matching labels must be unique on one side`;
}

/** The failure that an evaluation step by step would meet first. */
class EarliestFailure {
  #step = Infinity;
  #phase = Infinity;
  #message: (() => string) | undefined;

  /** Of two failures at a step, the one of the lower phase comes first. */
  add(step: number, phase: number, message: () => string): void {
    if (step > this.#step || (step === this.#step && phase >= this.#phase)) return;
    this.#step = step;
    this.#phase = phase;
    this.#message = message;
  }

  throwIfAny(): void {
    if (this.#message !== undefined) throw new PromfedError('execution', this.#message());
  }
}
