// Random PromQL expressions for property tests: trees that pass the type check, over the whole language.

import fc from 'fast-check';

import { METRIC_NAME, type Matcher, type ValueType } from '../../../src/model/index.js';
import { SIGNATURES, argumentType, type Signature } from '../../../src/promql/functions/index.js';
import {
  isComparison,
  isSetOperator,
  type AggregateOp,
  type At,
  type BinaryOp,
  type Duration,
  type Expr,
  type VectorMatching,
  type VectorSelector,
} from '../../../src/promql/language/index.js';
import { AGGREGATE_PARAMETERS } from '../../../src/promql/language/operators.js';
import { durationExpr, literalOf, offsetExpr, position } from './durations.js';

export interface ExpressionOptions {
  /** Includes constructs behind feature flags. Default true. */
  readonly experimental?: boolean;
  /** Approximate maximum depth of trees. Default 4. */
  readonly depth?: number;
  /** Metric names to choose from. Default: names of every kind, including keywords. */
  readonly metrics?: readonly string[];
  /** Label names to choose from. Default: names of every kind, including names that need quotes. */
  readonly labels?: readonly string[];
  /** Label values to choose from. Default: texts of every kind. */
  readonly values?: readonly string[];
  /** Names of the functions to choose from. Default all. */
  readonly functions?: readonly string[];
  /** Maximum of ranges, steps, offsets and `@`, which are then multiples of a tenth of it. Default: any times. */
  readonly maxMs?: number;
  /** Makes matchers, modifiers and fills rare, so that most selectors find samples. Default false. */
  readonly plain?: boolean;
}

const METRICS = [
  'up',
  'http_requests_total',
  'job:rate:sum',
  ':x',
  '_',
  'sum',
  'OR',
  'by',
  'start',
  'fill',
  'step',
];
const LABELS = [
  'job',
  'le',
  'by',
  'on',
  'sum',
  'bool',
  'offset',
  'start',
  'label.x',
  'grüße',
  'a b',
  '😀',
  '"',
];
const VALUES = [
  '',
  'a',
  'api-server',
  'say "hi"',
  "it's",
  'back\\slash',
  'new\nline',
  'grüße',
  '😀',
  '\u0000\u2028',
];
const PATTERNS = ['a', 'a|b', '.+', 'node-[0-9]+', '.*\\.com', '(?i)x'];
const BINARY_OPS: readonly BinaryOp[] = [
  ...(['+', '-', '*', '/', '%', '^', 'atan2', '==', '!=', '<', '<=', '>', '>=', '</', '>/'] as const),
  ...(['and', 'or', 'unless'] as const),
];

/** An arbitrary expression of a type (any type but string by default). */
export function arbitraryExpr(
  options: ExpressionOptions = {},
  type: 'scalar' | 'vector' | 'matrix' | 'any' = 'any',
): fc.Arbitrary<Expr> {
  const generator = new ExpressionGenerator(options);
  return type === 'any'
    ? fc.oneof(generator.expr('vector'), generator.expr('scalar'), generator.expr('matrix'))
    : generator.expr(type);
}

class ExpressionGenerator {
  readonly #options: ExpressionOptions;
  readonly #experimental: boolean;
  readonly #label: fc.Arbitrary<string>;
  readonly #metric: fc.Arbitrary<string>;
  readonly #value: fc.Arbitrary<string>;
  readonly #tied: Record<'scalar' | 'vector' | 'matrix' | 'string', fc.Arbitrary<Expr>>;

  constructor(options: ExpressionOptions) {
    this.#options = options;
    this.#experimental = options.experimental ?? true;
    this.#label = fc.constantFrom(...(options.labels ?? LABELS));
    this.#metric = fc.constantFrom(...(options.metrics ?? METRICS));
    this.#value = fc.constantFrom(...(options.values ?? VALUES));
    const depth = options.depth ?? 4;
    this.#tied = fc.letrec<Record<'scalar' | 'vector' | 'matrix' | 'string', Expr>>((tie) => ({
      scalar: fc.oneof(
        { maxDepth: depth, withCrossShrink: true },
        this.#number(),
        this.#paren(tie('scalar')),
        this.#sign(tie('scalar')),
        this.#binary(tie('scalar'), tie('scalar'), false),
        this.#call('scalar', tie),
      ),
      vector: fc.oneof(
        { maxDepth: depth, withCrossShrink: true },
        this.#vectorSelector(),
        this.#paren(tie('vector')),
        this.#sign(tie('vector')),
        this.#binary(tie('vector'), tie('vector'), true),
        this.#binary(tie('vector'), tie('scalar'), false),
        this.#binary(tie('scalar'), tie('vector'), false),
        this.#aggregate(tie),
        this.#call('vector', tie),
        this.#call('vector', tie),
      ),
      matrix: fc.oneof(
        { maxDepth: depth, withCrossShrink: true },
        this.#matrixSelector(),
        this.#subquery(tie('vector')),
      ),
      string: this.#value.map((value): Expr => ({ kind: 'string', value, position })),
    }));
  }

  expr(type: ValueType): fc.Arbitrary<Expr> {
    return this.#tied[type];
  }

  #number(): fc.Arbitrary<Expr> {
    const plain = fc.oneof(
      fc.integer({ min: -100, max: 100 }),
      fc.double(),
      fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 1e21, 1e-7, 5e-324, Number.MAX_VALUE),
    );
    const duration = fc.integer({ min: -100_000, max: 100_000 }).map((seconds) => seconds + 0);
    return fc.oneof(
      plain.map((value): Expr => ({ kind: 'number', value, duration: false, position })),
      duration.map((value): Expr => ({ kind: 'number', value, duration: true, position })),
    );
  }

  #paren(inner: fc.Arbitrary<Expr>): fc.Arbitrary<Expr> {
    return inner.map((expr) => ({ kind: 'paren', expr, position }));
  }

  #sign(inner: fc.Arbitrary<Expr>): fc.Arbitrary<Expr> {
    return fc
      .tuple(fc.constantFrom('+', '-'), inner)
      .map(([op, expr]): Expr => ({ kind: 'unary', op, expr, position }));
  }

  #binary(lhs: fc.Arbitrary<Expr>, rhs: fc.Arbitrary<Expr>, vectors: boolean): fc.Arbitrary<Expr> {
    const op = fc.constantFrom(...BINARY_OPS.filter((op) => vectors || !isSetOperator(op)));
    return fc
      .tuple(op, lhs, rhs, fc.boolean(), this.#matching())
      .map(([op, lhs, rhs, bool, matching]): Expr => {
        const set = isSetOperator(op);
        return {
          kind: 'binary',
          op,
          lhs,
          rhs,
          // Comparisons of scalars require it.
          returnBool: isComparison(op) && (bool || !vectors),
          matching: !vectors
            ? undefined
            : set
              ? { ...matching, card: 'many-to-many', include: [], fill: { lhs: undefined, rhs: undefined } }
              : matching,
          position,
        };
      });
  }

  /** A value in one of `times` cases, or more rarely in plain expressions; otherwise undefined. */
  #maybe<T>(value: fc.Arbitrary<T>, times: number): fc.Arbitrary<T | undefined> {
    const weight = this.#options.plain === true ? 20 : times - 1;
    return fc.oneof({ weight, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
  }

  #matching(): fc.Arbitrary<VectorMatching> {
    const fill = this.#experimental
      ? this.#maybe(fc.constantFrom(0, 1.5, -2, NaN, Infinity, 1e-7, 1e21), 4)
      : fc.constant(undefined);
    return fc
      .tuple(
        fc.constantFrom('one-to-one', 'many-to-one', 'one-to-many'),
        fc.boolean(),
        fc.uniqueArray(this.#label, { maxLength: 3 }),
        fc.uniqueArray(this.#label, { maxLength: 2 }),
        fc.record({ lhs: fill, rhs: fill }),
      )
      .map(([card, on, labels, include, fill]): VectorMatching => ({
        card,
        on,
        labels,
        include: card === 'one-to-one' ? [] : include.filter((label) => !on || !labels.includes(label)),
        fill,
      }));
  }

  #aggregate(tie: Tie): fc.Arbitrary<Expr> {
    const ops = (Object.keys(AGGREGATE_PARAMETERS) as AggregateOp[]).filter(
      (op) => this.#experimental || !op.startsWith('limit'),
    );
    return fc.constantFrom(...ops).chain((op) => {
      const wanted = AGGREGATE_PARAMETERS[op];
      const param = wanted === undefined ? fc.constant(undefined) : tie(wanted);
      return fc
        .tuple(tie('vector'), param, fc.uniqueArray(this.#label, { maxLength: 3 }), fc.boolean())
        .map(([expr, param, grouping, without]): Expr => ({
          kind: 'aggregate',
          op,
          expr,
          param,
          grouping,
          without,
          position,
        }));
    });
  }

  #call(returns: ValueType, tie: Tie): fc.Arbitrary<Expr> {
    const { functions } = this.#options;
    const signatures = [...SIGNATURES.values()].filter(
      (signature) =>
        signature.returns === returns &&
        (this.#experimental || !signature.experimental) &&
        (functions?.includes(signature.name) ?? true),
    );
    return fc.constantFrom(...signatures).chain((signature) => this.#callOf(signature, tie));
  }

  #callOf(signature: Signature, tie: Tie): fc.Arbitrary<Expr> {
    const { name, minArgs, maxArgs } = signature;
    return fc
      .integer({ min: minArgs, max: Math.min(maxArgs, minArgs + 2) })
      .chain((count) =>
        fc.tuple(
          ...Array.from({ length: count }, (_, i) =>
            // The labels that info() adds are named by a selector without a metric.
            name === 'info' && i === 1 ? this.#labelSelector() : tie(argumentType(signature, i)!),
          ),
        ),
      )
      .map((args): Expr => ({ kind: 'call', func: name, args, position }));
  }

  #labelSelector(): fc.Arbitrary<Expr> {
    return fc.array(this.#matcher(), { maxLength: 2 }).map((matchers) => selector('', matchers));
  }

  #vectorSelector(): fc.Arbitrary<Expr> {
    return this.#selector().chain((selector) =>
      this.#shift().map((shift): Expr => ({ ...selector, ...shift })),
    );
  }

  #matrixSelector(): fc.Arbitrary<Expr> {
    return fc.tuple(this.#selector(), this.#shift(), this.#range()).map(([selector, shift, range]): Expr => ({
      kind: 'matrixSelector',
      selector: { ...selector, ...shift },
      range,
      position,
    }));
  }

  #subquery(inner: fc.Arbitrary<Expr>): fc.Arbitrary<Expr> {
    return fc
      .tuple(inner, this.#range(), fc.option(this.#range(), { nil: undefined }), this.#shift())
      .map(([expr, range, step, { offset, at }]): Expr => ({
        kind: 'subquery',
        expr,
        range,
        step,
        offset,
        at,
        position,
      }));
  }

  #selector(): fc.Arbitrary<VectorSelector> {
    const some = fc.array(this.#matcher(), { maxLength: 3 });
    const plain = this.#options.plain === true;
    const matchers = plain ? this.#maybe(some, 4).map((list) => list ?? []) : some;
    const named = fc
      .tuple(this.#metric, matchers)
      .map(([name, matchers]) => selector(name, [...matchers, { name: METRIC_NAME, op: '=', value: name }]));
    const unnamed = fc
      .tuple(this.#metric, fc.array(this.#matcher(), { maxLength: 2 }))
      .map(([name, matchers]) =>
        selector('', [{ name: METRIC_NAME, op: '=', value: `${name}.x` }, ...matchers]),
      );
    return fc.oneof({ weight: plain ? 40 : 4, arbitrary: named }, { weight: 1, arbitrary: unnamed });
  }

  #matcher(): fc.Arbitrary<Matcher> {
    const exact = fc.record({
      name: this.#label,
      op: fc.constantFrom('=' as const, '!=' as const),
      value: this.#value,
    });
    const pattern = fc.record({
      name: this.#label,
      op: fc.constantFrom('=~' as const, '!~' as const),
      value: fc.constantFrom(...PATTERNS),
    });
    return fc.oneof(exact, pattern);
  }

  #shift(): fc.Arbitrary<Pick<VectorSelector, 'offset' | 'at' | 'extension'>> {
    const { maxMs } = this.#options;
    const atMs = maxMs === undefined ? fc.integer({ min: -1e12, max: 2e12 }) : this.#near(maxMs);
    const at = fc.oneof(
      atMs.map((timeMs): At => ({ kind: 'timestamp', timeMs: timeMs + 0 })),
      fc.constantFrom<At>({ kind: 'start' }, { kind: 'end' }),
    );
    return fc.record({
      offset: this.#maybe(this.#offset(), 2),
      at: this.#maybe(at, 2),
      extension: this.#experimental
        ? this.#maybe(fc.constantFrom('anchored' as const, 'smoothed' as const), 5)
        : fc.constant(undefined),
    });
  }

  /** Multiples of a tenth of `maxMs`, except 0. */
  #near(maxMs: number): fc.Arbitrary<number> {
    return fc.integer({ min: 1, max: 10 }).map((tenths) => (tenths * maxMs) / 10);
  }

  #range(): fc.Arbitrary<Duration> {
    const { maxMs } = this.#options;
    const ms = maxMs === undefined ? fc.integer({ min: 1, max: 1e10 }) : this.#near(maxMs);
    const literal = ms.map((ms) => literalOf(ms));
    if (maxMs !== undefined) return literal;
    return this.#experimental ? fc.oneof(literal, durationExpr()) : literal;
  }

  #offset(): fc.Arbitrary<Duration> {
    const { maxMs } = this.#options;
    if (maxMs !== undefined) {
      return fc.tuple(this.#near(maxMs), fc.boolean()).map(([ms, back]) => literalOf(back ? ms : -ms));
    }
    const literal = fc
      .integer({ min: -1e10, max: 1e10 })
      .filter((ms) => ms !== 0)
      .map((ms) => literalOf(ms));
    if (!this.#experimental) return literal;
    return fc.oneof(literal, offsetExpr());
  }
}

type Tie = (type: 'scalar' | 'vector' | 'matrix' | 'string') => fc.Arbitrary<Expr>;

function selector(name: string, matchers: readonly Matcher[]): VectorSelector {
  return {
    kind: 'vectorSelector',
    name,
    matchers,
    offset: undefined,
    at: undefined,
    extension: undefined,
    position,
  };
}
