// Random expressions over the series of the union tests: typed, over existing labels and names, so that most of them
// have a result. Known exceptions to one answer (ARCHITECTURE.md, "Where one answer ends, today") are not generated,
// each by the narrowest rule that excludes it:
// - Values that depend on the order in which regions were summed are `noisy`; no function of JUMPS is applied to them.
// - topk and bottomk rank values that do not tie.
// - Parameters of aggregations do not vary over operands that `@` fixes, see `paramOver`.
// - Ranks that may be NaN are never below a function that reads beyond the time of `@`, see `mayFailBeyond`.
// - Filters are used between sides that do not match twice, see `keeping`.
// - The side of a vector match that must be unique is unique by its grouping, or is a metric with the same label sets
//   in every region at all times: its duplicates are then in every region.

import fc from 'fast-check';

import {
  aggregated,
  COMPARISONS,
  exact,
  JUMPS,
  keeping,
  of,
  operation,
  paramOver,
  type Piece,
} from './expression-pieces.js';

/** The names and labels of the series. */
export interface UnionNames {
  /** Labels that groups set, each with its values. */
  readonly groupLabels: Readonly<Record<string, readonly string[]>>;
  /** Time of the last step in seconds. Queries begin half an hour earlier. */
  readonly endS: number;
}

type Kind = 'vector' | 'scalar' | 'matrix' | 'distinct';
type Pieces = fc.Arbitrary<Piece>;
type Tie = (kind: Kind) => Pieces;

const OWN_LABELS = ['namespace', 'pod', 'code', 'node'];
/** Metrics with the same label sets in every region at all times. */
const EVERYWHERE = [
  'http_requests_total',
  'memory_usage_bytes',
  'pod_info',
  'request_duration_seconds_bucket',
];
const METRICS = [...EVERYWHERE, 'queue_depth', 'odd', 'sparse', 'passing', 'request_duration_seconds_count'];
const MANY = ['{__name__=~"queue_depth|memory_usage_bytes"}', '{__name__=~"odd|sparse",pod!="pod-1"}'];

/** Random expressions whose result is a vector or a scalar. */
export function arbitraryUnionExpression(names: UnionNames, depth = 4): fc.Arbitrary<string> {
  const labels = [...OWN_LABELS, ...Object.keys(names.groupLabels).flatMap((name) => [name, name, name])];
  const tied = fc.letrec<Record<Kind, Piece>>((tie: Tie) => {
    const limits = { maxDepth: depth, withCrossShrink: true } as const;
    return {
      vector: fc.oneof(
        limits,
        { weight: 3, arbitrary: selector(names) },
        { weight: 4, arbitrary: rangeFunction(tie) },
        { weight: 3, arbitrary: vectorFunction(tie, names) },
        { weight: 2, arbitrary: withScalar(tie) },
        { weight: 4, arbitrary: join(tie, labels) },
        { weight: 3, arbitrary: setOperation(tie, labels) },
        { weight: 6, arbitrary: aggregation(tie, labels) },
        { weight: 2, arbitrary: relabelled(tie, labels) },
        { weight: 2, arbitrary: quantileOfBuckets(labels) },
        { weight: 1, arbitrary: absence(tie, names) },
        { weight: 1, arbitrary: tie('scalar').map((s) => of(`vector(${s.text})`, s)) },
      ),
      scalar: fc.oneof(
        limits,
        fc.constantFrom('1', '2', '0.5', '-3', 'time()', '0', 'NaN').map((text) => exact(text)),
        fc.constant(of('pi()', exact(''), { inexact: true })),
        tie('vector').map((v) => of(`scalar(${v.text})`, v, { alike: false })),
        fc
          .tuple(fc.constantFrom('+', '*', '>= bool', '/'), tie('scalar'), tie('scalar'))
          .map(([op, a, b]) => operation(a, op, b)),
      ),
      matrix: fc.oneof(
        limits,
        { weight: 3, arbitrary: fc.tuple(plainSelector(names), range, shift(names)).map(ranged) },
        {
          weight: 2,
          arbitrary: fc
            .tuple(tie('vector'), range, fc.constantFrom('', '30s', '1m', '45s'), shift(names))
            .map(([v, range, step, shift]) => of(`(${v.text})[${range}:${step}]${shift}`, v)),
        },
      ),
      distinct: fc.oneof(
        limits,
        fc
          .tuple(matchers(names), shift(names))
          .map(([matchers, shift]) => exact(`memory_usage_bytes${matchers}${shift}`)),
        fc
          .tuple(matchers(names), range)
          .map(([matchers, range]) => exact(`max_over_time(memory_usage_bytes${matchers}[${range}])`)),
        fc
          .tuple(tie('distinct'), fc.constantFrom('* 3', '+ 1', '- 7'))
          .map(([d, op]) => of(`(${d.text}) ${op}`, d)),
        fc
          .tuple(fc.constantFrom('sum', 'max'), grouping(labels), tie('distinct'))
          .map(([op, by, d]) => of(`${op} ${by} (${d.text})`, d)),
      ),
    };
  });
  return fc
    .oneof({ weight: 9, arbitrary: tied.vector }, { weight: 1, arbitrary: tied.scalar })
    .map(({ text }) => text);
}

const range = fc.constantFrom('1m', '2m', '5m', '7m30s', '10m');

function ranged([selector, range, shift]: [Piece, string, string]): Piece {
  return of(`${selector.text}[${range}]${shift}`, selector);
}

function matchers({ groupLabels }: UnionNames): fc.Arbitrary<string> {
  const own = fc.constantFrom(
    'namespace="ns-0"',
    'pod=~"pod-[01]"',
    'pod!="pod-2"',
    'code=""',
    'namespace!~"ns-0"',
  );
  const group = Object.entries(groupLabels).flatMap(([name, values]) => [
    ...values.flatMap((value) => [`${name}="${value}"`, `${name}!="${value}"`]),
    `${name}=~"${values.slice(0, 2).join('|')}"`,
    `${name}=""`,
    `${name}="nowhere"`,
    `${name}!="nowhere"`,
  ]);
  const one = group.length === 0 ? own : fc.oneof(own, fc.constantFrom(...group));
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant('') },
    { weight: 2, arbitrary: one.map((matcher) => `{${matcher}}`) },
    { weight: 1, arbitrary: fc.tuple(one, one).map((list) => `{${list.join(',')}}`) },
  );
}

function shift({ endS }: UnionNames): fc.Arbitrary<string> {
  const texts = ['offset 3m', 'offset -2m', '@ end()', '@ start()', `@ ${endS - 700}`, `@ end() offset 90s`];
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant('') },
    { weight: 2, arbitrary: fc.constantFrom(...texts).map((text) => ` ${text}`) },
  );
}

function plainSelector(names: UnionNames): Pieces {
  return fc.oneof(
    {
      weight: 9,
      arbitrary: fc.tuple(fc.constantFrom(...METRICS), matchers(names)).map((parts) => exact(parts.join(''))),
    },
    { weight: 1, arbitrary: fc.constantFrom(...MANY).map((text) => exact(text, true)) },
  );
}

function selector(names: UnionNames): Pieces {
  return fc.tuple(plainSelector(names), shift(names)).map(([s, shift]) => of(s.text + shift, s));
}

const COUNTER_FUNCTIONS = ['rate', 'increase', 'irate', 'delta', 'idelta', 'deriv', 'resets', 'changes'];
const OVER_TIME = ['sum', 'min', 'max', 'last', 'count', 'present', 'avg', 'stddev', 'stdvar'];

function rangeFunction(tie: Tie): Pieces {
  return fc.oneof(
    fc.tuple(fc.constantFrom(...COUNTER_FUNCTIONS, 'rate'), tie('matrix')).map(([func, m]) => {
      // Noise causes counter resets.
      if (m.noisy) return of(`avg_over_time(${m.text})`, m);
      return of(`${func}(${m.text})`, m, { inexact: !JUMPS.has(func) });
    }),
    fc.tuple(fc.constantFrom(...OVER_TIME), tie('matrix')).map(([func, m]) => {
      const rounds = ['avg', 'stddev', 'stdvar'].includes(func);
      const safe = m.noisy && func.startsWith('std') ? 'avg' : func;
      return of(`${safe}_over_time(${m.text})`, m, { inexact: m.inexact || rounds });
    }),
    fc
      .tuple(fc.constantFrom('0.3', '0.5', '1', '0', 'scalar(pod_info{pod="x"})'), tie('matrix'))
      .map(([q, m]) =>
        of(`quantile_over_time(${mayFailBeyond(m) ? '0.5' : q}, ${m.text})`, m, { inexact: true }),
      ),
    tie('matrix').map((m) =>
      m.noisy || mayFailBeyond(m)
        ? of(`last_over_time(${m.text})`, m)
        : of(`predict_linear(${m.text}, 60)`, m, { inexact: true }),
    ),
  );
}

/**
 * Reports whether the matrix can fail at steps that no result depends on. Prometheus evaluates a subquery with `@` below
 * an expression that varies by step as far beyond that time as the query is long. A failure there fails the query.
 *
 * Source: Prometheus, promql/engine.go (`setOffsetForAtModifier`, `evalSubquery`).
 */
function mayFailBeyond({ text }: Piece): boolean {
  return text.includes('@') && /(?:top|bottom)k[^(]*\(scalar\(/.test(text);
}

function vectorFunction(tie: Tie, names: UnionNames): Pieces {
  const smooth = fc.constantFrom('abs', 'sqrt', '-', '+', 'sort', 'sort_desc', 'deg');
  const jumping = fc.constantFrom('ceil', 'floor', 'round', 'sgn');
  // Their last digit depends on the library.
  const library = fc.constantFrom('ln', 'log2', 'atan', 'tanh', 'cos');
  const dates = fc.constantFrom('minute', 'hour', 'day_of_week', 'days_in_month', 'year');
  return fc.oneof(
    fc
      .tuple(smooth, tie('vector'))
      .map(([func, v]) =>
        of(`${func}(${v.text})`, v, { inexact: v.inexact || func === 'sqrt' || func === 'deg' }),
      ),
    fc.tuple(jumping, tie('vector')).map(([func, v]) => of(`${v.noisy ? 'abs' : func}(${v.text})`, v)),
    fc
      .tuple(library, tie('vector'))
      .map(([func, v]) => of(`${v.noisy ? 'abs' : func}(${v.text})`, v, { inexact: true, noisy: true })),
    fc.tuple(dates, selector(names)).map(([func, s]) => of(`${func}(timestamp(${s.text}))`, s)),
    selector(names).map((s) => of(`timestamp(${s.text})`, s)),
    fc
      .constantFrom('clamp_min(X, 2)', 'clamp_max(X, 10)', 'clamp(X, -1, 9)', 'round(X, 0.25)')
      .chain((form) =>
        tie('vector').map((v) =>
          of(
            (v.noisy ? 'abs(X)' : form).replace('X', () => v.text),
            v,
          ),
        ),
      ),
  );
}

const ARITHMETIC = ['+', '-', '*', '/', '%', '^', 'atan2'];
const anyOperator = fc.constantFrom(...ARITHMETIC, ...COMPARISONS, '> bool', '<= bool', '!= bool', '/');

function withScalar(tie: Tie): Pieces {
  return fc
    .tuple(anyOperator, tie('vector'), tie('scalar'), fc.boolean())
    .map(([op, v, s, first]) => (first ? operation(v, op, s) : operation(s, op, v)));
}

function someOf(labels: readonly string[], maxLength: number): fc.Arbitrary<string[]> {
  return fc.uniqueArray(fc.constantFrom(...labels), { maxLength });
}

function join(tie: Tie, labels: readonly string[]): Pieces {
  const fill = fc.constantFrom('sum', 'max', 'min', 'count', 'group', 'avg');
  const include = someOf(labels, 2);
  /** Matches on the labels by which the one side is grouped. */
  const byGroup = fc
    .tuple(anyOperator, someOf(labels, 4), fill, tie('vector'), tie('vector'), include, fc.nat(4))
    .map(([op, by, agg, many, v, include, side]) => {
      const one = aggregated(agg, `by (${by.join(', ')})`, v);
      const added = include.filter((name) => !by.includes(name)).join(', ');
      const on = `on (${by.join(', ')}) `;
      if (side === 0) return operation(many, keeping(op), one, on);
      const kept = added === '' ? op : keeping(op);
      if (side === 1) return operation(one, kept, many, `${on}group_right (${added}) `);
      if (side === 2) return operation(aggregated(agg, `by (${by.join(', ')})`, many), op, one, on);
      return operation(many, kept, one, `${on}group_left (${added}) `);
    });
  /** Ignores labels that the one side has lost. */
  const withoutGroup = fc
    .tuple(anyOperator, someOf(labels, 3), fill, tie('vector'), tie('vector'), fc.boolean())
    .map(([op, lost, agg, many, v, left]) => {
      const one = aggregated(agg, `without (${lost.join(', ')})`, v);
      return operation(
        many,
        left ? op : keeping(op),
        one,
        `ignoring (${lost.join(', ')}) ${left ? 'group_left ' : ''}`,
      );
    });
  /** Matches by all labels. Sides with series that may differ only in their names are made unique. */
  const byAll = fc
    .tuple(anyOperator, tie('vector'), tie('vector'))
    .map(([op, a, b]) =>
      operation(a, a.alike ? keeping(op) : op, b.alike ? aggregated('max', 'without ()', b) : b),
    );
  const everywhere = fc.constantFrom(...EVERYWHERE).map((text) => exact(text));
  const rated = everywhere.map((m) => of(`rate(${m.text}[5m])`, m, { inexact: true }));
  const raw = fc
    .tuple(
      anyOperator,
      fc.oneof(everywhere, rated),
      fc.oneof(everywhere, rated),
      someOf([...labels, 'le'], 4),
      fc.constantFrom('on', 'ignoring'),
      fc.constantFrom('', 'group_left', 'group_left (node)', 'group_right', 'group_right (code)'),
    )
    .map(([op, a, b, named, how, card]) => {
      const legal = how === 'on' && named.some((name) => card.includes(`(${name})`)) ? 'group_left' : card;
      return operation(a, keeping(op), b, `${how} (${named.join(', ')}) ${legal} `);
    });
  return fc.oneof(
    { weight: 3, arbitrary: byGroup },
    { weight: 1, arbitrary: withoutGroup },
    { weight: 2, arbitrary: byAll },
    { weight: 2, arbitrary: raw },
  );
}

function setOperation(tie: Tie, labels: readonly string[]): Pieces {
  return fc
    .tuple(
      fc.constantFrom('and', 'or', 'unless'),
      tie('vector'),
      tie('vector'),
      fc.constantFrom('', 'on', 'ignoring'),
      someOf(labels, 3),
    )
    .map(([op, a, b, how, named]) => ({
      text: `(${a.text}) ${op} ${how === '' ? '' : `${how} (${named.join(', ')}) `}(${b.text})`,
      inexact: a.inexact || b.inexact,
      noisy: a.noisy || b.noisy,
      // Both sides of `or` may have a series that differs in its name only.
      alike: a.alike || b.alike || op === 'or',
    }));
}

function grouping(labels: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom('', 'by', 'by', 'without'), someOf(labels, 3))
    .map(([how, named]) => (how === '' ? '' : `${how} (${named.join(', ')})`));
}

function aggregation(tie: Tie, labels: readonly string[]): Pieces {
  const plain = fc.constantFrom('sum', 'sum', 'avg', 'min', 'max', 'count', 'group', 'stddev', 'stdvar');
  return fc.oneof(
    {
      weight: 5,
      arbitrary: fc.tuple(plain, grouping(labels), tie('vector')).map(([op, by, v]) => aggregated(op, by, v)),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom('0.5', '0.9', '0', 'scalar(count(odd))'), grouping(labels), tie('vector'))
        .map(([q, by, v]) => aggregated('quantile', by, v, `${paramOver(v, q, '0.5')}, `)),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom('value', 'pod', ...labels), grouping(labels), tie('vector'))
        .map(([label, by, v]) =>
          v.noisy ? aggregated('min', by, v) : aggregated('count_values', by, v, `"${label}", `),
        ),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(
          fc.constantFrom('topk', 'bottomk'),
          fc.constantFrom('1', '2', '3', '0', '100', 'scalar(count(queue_depth)) / 4'),
          grouping(labels),
          tie('distinct'),
        )
        .map(([op, k, by, d]) => of(`${op} ${by} (${paramOver(d, k, '2')}, ${d.text})`, d)),
    },
  );
}

function relabelled(tie: Tie, labels: readonly string[]): Pieces {
  const label = fc.constantFrom('new', ...labels);
  return fc.oneof(
    fc
      .tuple(
        tie('vector'),
        label,
        fc.constantFrom('$1', 'x-$1', '', 'all'),
        label,
        fc.constantFrom('(.*)', 'pod-(.)'),
      )
      .map(([v, to, text, from, pattern]) =>
        of(`label_replace(${v.text}, "${to}", "${text}", "${from}", "${pattern}")`, v),
      ),
    fc
      .tuple(tie('vector'), label, label, label)
      .map(([v, to, a, b]) => of(`label_join(${v.text}, "${to}", "-", "${a}", "${b}")`, v)),
  );
}

function quantileOfBuckets(labels: readonly string[]): Pieces {
  return fc
    .tuple(
      fc.constantFrom('0.5', '0.9', '0.99', '0'),
      fc.constantFrom('', 'rate', 'increase'),
      someOf(labels, 3),
      fc.nat(2),
    )
    .map(([q, func, by, form]) => {
      const buckets =
        func === '' ? 'request_duration_seconds_bucket' : `${func}(request_duration_seconds_bucket[5m])`;
      const summed = form === 0 ? buckets : `sum by (${['le', ...by].join(', ')}) (${buckets})`;
      return { text: `histogram_quantile(${q}, ${summed})`, inexact: true, noisy: form !== 0, alike: false };
    });
}

function absence(tie: Tie, names: UnionNames): Pieces {
  return fc.oneof(
    tie('vector').map((v) => exact(`absent(${v.text})`)),
    selector(names).map((s) => exact(`absent(${s.text})`)),
    tie('matrix').map((m) => exact(`absent_over_time(${m.text})`)),
  );
}
