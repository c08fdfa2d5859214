import type { Column, Labels } from '../../../model/index.js';
import { isArithmetic, type VectorMatching } from '../../language/index.js';
import type { BinaryNode } from '../../plan/index.js';
import { dropMetadataLabels } from '../columns.js';
import type { Evaluator } from '../evaluator.js';
import { LabelMemory } from '../label-memory.js';
import type { MatchError } from './match-error.js';
import { matchLabels } from './matching.js';
import type { OneSideGroup } from './one-side.js';
import {
  createSampleOperator,
  putSample,
  sampleAt,
  type FloatOperator,
  type SampleOperator,
} from './sample-operator.js';

/** Properties of an operation between vectors. */
export interface MatchOptions {
  readonly matching: VectorMatching;
  /** The operator on floats. */
  readonly operator: FloatOperator;
  /** True with `group_right`: the left side is the "one" side. */
  readonly isSwapped: boolean;
  readonly hasHistograms: boolean;
  readonly error: MatchError;
}

/** The fill value for missing samples of each side. Without one, a sample without a match has no result. */
interface FillValues {
  readonly many: number | undefined;
  readonly one: number | undefined;
}

/** The match of one series of the "many" side. */
interface Match {
  readonly many: Column;
  readonly group: OneSideGroup;
  /** The fill for missing samples of the "one" side. */
  readonly filled: Column | undefined;
  /** The result columns by the key of their labels. */
  readonly outputs: Map<string, Column>;
}

/**
 * Matches series of the "many" side with groups of the "one" side and collects the result columns.
 *
 * Source: Prometheus, promql/engine.go (`VectorBinop`, `resultMetric`).
 */
export class VectorMatcher {
  /** The result columns. Labels may repeat and columns may be empty. */
  readonly columns: Column[] = [];
  readonly fill: FillValues;
  readonly #evaluator: Evaluator;
  readonly #matching: VectorMatching;
  readonly #isSwapped: boolean;
  readonly #error: MatchError;
  readonly #dropsName: boolean;
  readonly #apply: FloatOperator;
  /** The operator on floats and histograms; undefined when neither side has histograms. */
  readonly #applyAny: SampleOperator | undefined;
  readonly #resultLabels: (many: Labels, one: Labels) => Labels;
  /** The result column of each series of the "many" side of an instant query. */
  readonly #columnOf = new Map<Column, Column>();
  readonly #labelMemory: LabelMemory;
  /** Steps with a match, by result labels within the group; undefined when no two matches can collide. */
  #matchedSteps: Map<string, Uint8Array> | undefined;

  constructor(
    evaluator: Evaluator,
    node: BinaryNode,
    { matching, operator, isSwapped, hasHistograms, error }: MatchOptions,
  ) {
    this.#evaluator = evaluator;
    this.#labelMemory = new LabelMemory(evaluator.rawBudget);
    this.#matching = matching;
    this.fill = fillValues(matching);
    this.#isSwapped = isSwapped;
    this.#error = error;
    this.#dropsName = evaluator.delaysNameRemoval && node.returnBool;
    this.#apply = operator;
    this.#applyAny = hasHistograms ? createSampleOperator(evaluator, node, operator) : undefined;
    this.#resultLabels = createResultLabels(evaluator, node, matching);
  }

  /** Bytes reserved for the labels of the result. */
  get labelBytes(): number {
    return this.#labelMemory.bytes;
  }

  /** Returns the result columns of an instant query in the order of the "many" side, and then those that are filled. */
  columnsInOrderOf(manySide: readonly Column[]): readonly Column[] {
    const matched = manySide.flatMap((many) => this.#columnOf.get(many) ?? []);
    const known = new Set(matched);
    return [...matched, ...this.columns.filter((column) => !known.has(column))];
  }

  /** Starts a match group. Matches of two series of the "many" side may collide, those of one may not. */
  startGroup(manyCount: number): void {
    this.endGroup();
    this.#matchedSteps = manyCount > 1 ? new Map() : undefined;
  }

  /** Returns the scratch arrays of the last group to the budget. */
  endGroup(): void {
    const { budget, grid } = this.#evaluator;
    budget.release((this.#matchedSteps?.size ?? 0) * grid.count);
    this.#matchedSteps = undefined;
  }

  /** Matches one series of the "many" side. Records an error for a step that already has a match. */
  match(many: Column, group: OneSideGroup): Promise<void> | undefined {
    const outputs = new Map<string, Column>();
    const filled = this.fill.one === undefined ? undefined : this.#fillColumn(many.labels, this.fill.one);
    return this.#evaluator.forSteps((fromStep, toStep) => {
      this.#matchSteps({ many, group, filled, outputs }, fromStep, toStep);
    });
  }

  #matchSteps({ many, group, filled, outputs }: Match, fromStep: number, toStep: number): void {
    const { columns, columnAt } = group;
    let current: number | undefined;
    let one = filled;
    let output: Column | undefined;
    let matched: Uint8Array | undefined;
    for (let step = fromStep; step < toStep; step++) {
      if (many.present[step] === 0) continue;
      let index = columnAt === undefined ? 0 : columnAt[step]!;
      if ((columns[index]?.present[step] ?? 0) === 0) index = -1;
      if (index < 0 && filled === undefined) continue;
      if (index !== current) {
        current = index;
        one = columns[index] ?? filled!;
        output = this.#output(outputs, this.#resultLabels(many.labels, one.labels));
        if (this.#evaluator.isInstant) this.#columnOf.set(many, output);
        matched = this.#tryMatchedSteps(output.labels);
      }
      if (matched?.[step] === 1) {
        // Errors at later steps are not kept.
        this.#recordMultipleMatches(step);
        return;
      }
      if (matched !== undefined) matched[step] = 1;
      const [left, right] = this.#isSwapped ? [one!, many] : [many, one!];
      this.#put(output!, left, right, step);
    }
  }

  /**
   * Adds the samples of the "one" side at steps without samples on the "many" side, which are filled. Does nothing
   * without a fill value for the "many" side.
   */
  async fillMany({ columns }: OneSideGroup, manyPresent: Uint8Array): Promise<void> {
    if (this.fill.many === undefined) return;
    const { pacer } = this.#evaluator;
    for (const one of columns) {
      if (pacer.due) await pacer.pause();
      const many = this.#fillColumn(one.labels, this.fill.many);
      const [left, right] = this.#isSwapped ? [one, many] : [many, one];
      let output: Column | undefined;
      const running = this.#evaluator.forSteps((fromStep, toStep) => {
        for (let step = fromStep; step < toStep; step++) {
          if (one.present[step] === 0 || manyPresent[step] !== 0) continue;
          output ??= this.#output(new Map(), this.#resultLabels(many.labels, one.labels));
          this.#put(output, left, right, step);
        }
      });
      if (running !== undefined) await running;
    }
  }

  /** Writes the result for two samples. */
  #put(output: Column, left: Column, right: Column, step: number): void {
    if (this.#applyAny !== undefined) {
      const result = this.#applyAny(sampleAt(left, step), sampleAt(right, step));
      const { histograms = [] } = output;
      if (result !== undefined) putSample(this.#evaluator, { ...output, histograms }, step, result);
      return;
    }
    const result = this.#apply(left.values[step]!, right.values[step]!);
    if (result === undefined) return;
    output.values[step] = result;
    output.present[step] = 1;
  }

  /** Creates the fill for a missing match: a constant with the matching labels of the other side's series. */
  #fillColumn(labels: Labels, value: number): Column {
    const { count } = this.#evaluator.grid;
    const values = new Float64Array(count).fill(value);
    return { labels: matchLabels(this.#matching)(labels), values, present: new Uint8Array(count).fill(1) };
  }

  #output(outputs: Map<string, Column>, labels: Labels): Column {
    const existing = outputs.get(labels.key);
    if (existing !== undefined) return existing;
    const column = this.#applyAny
      ? this.#evaluator.newHistogramColumn(labels, this.#dropsName)
      : this.#evaluator.newColumn(labels, this.#dropsName);
    outputs.set(labels.key, column);
    this.#labelMemory.addLabels(labels);
    this.columns.push(column);
    return column;
  }

  #tryMatchedSteps(labels: Labels): Uint8Array | undefined {
    if (this.#matchedSteps === undefined) return undefined;
    // In one-to-one matching any two matches of a group collide, whatever their labels.
    const key = this.#matching.card === 'one-to-one' ? '' : labels.key;
    let matched = this.#matchedSteps.get(key);
    if (matched === undefined) {
      this.#evaluator.budget.reserve(this.#evaluator.grid.count);
      matched = new Uint8Array(this.#evaluator.grid.count);
      this.#matchedSteps.set(key, matched);
    }
    return matched;
  }

  #recordMultipleMatches(step: number): void {
    this.#error.record(step, 'match', () =>
      this.#matching.card === 'one-to-one'
        ? 'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)'
        : 'multiple matches for labels: grouping labels must ensure unique matches',
    );
  }
}

/**
 * The left fill value is for the "many" side, also with `group_right`: Prometheus fills after swapping the sides.
 *
 * Source: Prometheus, promql/engine.go (`VectorBinop`).
 */
function fillValues({ fill }: VectorMatching): FillValues {
  return { many: fill.lhs, one: fill.rhs };
}

/** Returns the function for the labels of a result. Arithmetic drops the name immediately, even with delayed removal. */
function createResultLabels(
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
