// The official PromQL grammar for editors as an oracle: both parsers accept the same texts and return the same
// structure. The grammar does not check types, metric names, strings or patterns, so only syntax is compared.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import fc from 'fast-check';
import t, { type Test } from 'tap';

import { SIGNATURES } from '../../../src/promql/functions/index.js';
import { parseExpr, prettyExpr, type Expr } from '../../../src/promql/language/index.js';
import { arbitraryExpr } from '../../helpers/promql/expressions.js';
import { isGrafanaQuery, replaceGrafanaVariables } from '../../helpers/promql/grafana-variables.js';
import { sharedPath, withoutShared } from '../../helpers/shared.js';
import { ALL_FEATURES } from '../../helpers/promql/all-features.js';
import { ParseError } from '../../../src/promql/language/parse-error.js';
import { printExpr } from '../../../src/promql/language/index.js';

const features = ALL_FEATURES;

/** Texts that only one parser accepts: promfed's where `ours` is true. */
const DIFFERENCES: readonly { text: string; ours: boolean; why: string }[] = [
  { text: 'min_of(1, 2)', ours: true, why: 'the grammar has min_of and max_of in durations only' },
  { text: 'offset', ours: true, why: 'the grammar reserves offset everywhere' },
  { text: '5.', ours: true, why: 'the grammar requires a digit after the dot' },
  { text: '0X1f', ours: true, why: 'the grammar requires a lower-case x' },
  { text: 'x offset STEP()', ours: true, why: 'the grammar has functions of durations in lower case only' },
  { text: 'atan2', ours: false, why: 'the grammar accepts atan2 as a metric name' },
  { text: '"open', ours: false, why: 'the grammar closes strings at the end of the input' },
  { text: '"\\q"', ours: false, why: 'the grammar accepts any escape' },
];

interface Reading {
  readonly accepted: boolean;
  /** The nesting of expressions; undefined where the official grammar is known to differ from Prometheus. */
  readonly shape: string | undefined;
}

/** Expressions that end in a modifier. Modifiers bind tighter than operators, except in the official grammar. */
const MODIFIED: ReadonlySet<string> = new Set([
  ...['MatrixSelector', 'SubqueryExpr', 'OffsetExpr', 'StepInvariantExpr', 'AnchoredExpr', 'SmoothedExpr'],
]);

/** Parses a text with the official grammar. A text with an error anywhere is not accepted. */
function officialReading(text: string): Reading {
  const tree = parser.parse(text);
  const found = { error: false, misread: false };
  tree.iterate({
    enter: ({ type, name, node }) => {
      if (type.isError) found.error = true;
      // `a + b offset 5m` is parsed as `(a + b) offset 5m`.
      const operand = node.firstChild?.name;
      if (MODIFIED.has(name) && (operand === 'BinaryExpr' || operand === 'UnaryExpr')) found.misread = true;
      // `-1 ^ 2` is parsed as `(-1) ^ 2`.
      if (
        name === 'NumberDurationLiteral' &&
        node.nextSibling?.name === 'Pow' &&
        /^[-+]/.test(text.slice(node.from))
      ) {
        found.misread = true;
      }
    },
  });
  const root = tree.topNode.firstChild;
  const isComparable = !found.error && !found.misread && root !== null;
  return { accepted: !found.error, shape: isComparable ? nodeShape(skipComments(root), text) : undefined };
}

function skipComments(node: SyntaxNode): SyntaxNode {
  let current = node;
  while (current.name === 'LineComment' && current.nextSibling !== null) current = current.nextSibling;
  return current;
}

const EXPRESSIONS: ReadonlySet<string> = new Set([
  ...['AggregateExpr', 'BinaryExpr', 'FunctionCall', 'MatrixSelector', 'NumberDurationLiteral', 'OffsetExpr'],
  ...['AnchoredExpr', 'SmoothedExpr', 'ParenExpr', 'StringLiteral', 'SubqueryExpr', 'UnaryExpr'],
  ...['VectorSelector', 'StepInvariantExpr'],
]);

function nodeShape(node: SyntaxNode, text: string): string {
  const inner: string[] = [];
  let operator = '';
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    if (child.name === 'FunctionCallBody') {
      for (let arg = child.firstChild; arg !== null; arg = arg.nextSibling) {
        if (EXPRESSIONS.has(arg.name)) inner.push(nodeShape(arg, text));
      }
    } else if (node.name === 'StepInvariantExpr' && inner.length > 0) {
      break;
    } else if (EXPRESSIONS.has(child.name)) {
      inner.push(nodeShape(child, text));
    } else if (inner.length === 1 && operator === '' && node.name === 'BinaryExpr') {
      operator = text.slice(child.from, child.to).toLowerCase();
    } else if (child.name === 'FunctionIdentifier' || child.name === 'AggregateOp') {
      operator = text.slice(child.from, child.to).toLowerCase();
    }
  }
  switch (node.name) {
    case 'NumberDurationLiteral':
      return 'number';
    case 'StringLiteral':
      return 'string';
    case 'VectorSelector':
      return 'selector';
    case 'OffsetExpr':
    case 'AnchoredExpr':
    case 'SmoothedExpr':
    case 'StepInvariantExpr':
      return inner[0] ?? '?';
    case 'MatrixSelector':
      return `range(${inner.join()})`;
    case 'SubqueryExpr':
      return `subquery(${inner.join()})`;
    case 'ParenExpr':
      return `(${inner.join()})`;
    case 'UnaryExpr':
      // The sign of a number is part of the number in promfed's trees.
      return inner[0] === 'number' ? 'number' : `sign(${inner.join()})`;
    case 'BinaryExpr':
      return `[${inner.join(` ${operator} `)}]`;
    default:
      return `${operator}(${inner.join()})`;
  }
}

function ourShape(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
    case 'string':
      return expr.kind;
    case 'vectorSelector':
      return 'selector';
    case 'matrixSelector':
      return 'range(selector)';
    case 'subquery':
      return `subquery(${ourShape(expr.expr)})`;
    case 'paren':
      return `(${ourShape(expr.expr)})`;
    case 'unary':
      return `sign(${ourShape(expr.expr)})`;
    case 'binary':
      return `[${ourShape(expr.lhs)} ${expr.op} ${ourShape(expr.rhs)}]`;
    case 'aggregate': {
      const param = expr.param === undefined ? [] : [ourShape(expr.param)];
      return `${expr.op}(${[...param, ourShape(expr.expr)].join()})`;
    }
    case 'call':
      return `${expr.func}(${expr.args.map(ourShape).join()})`;
  }
}

/** Reports whether a parse error is about something that the official grammar does not check. */
function isBeyondSyntax(error: ParseError): boolean {
  return /expected type|argument\(s\)|arguments for aggregate|must contain|must not|only allowed|not allowed|must use BOOL|can only be used|may not be set|must be preceded|cannot be used together|not implemented|parsing regexp|out of (?:range|bounds)|must be greater|label selectors|set twice|not valid UTF-8/.test(
    error.message,
  );
}

function ourReading(text: string): Reading & { readonly error?: ParseError } {
  try {
    return { accepted: true, shape: ourShape(parseExpr(text, { features })) };
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return { accepted: false, shape: undefined, error };
  }
}

/** Returns the difference between the two readings of a text, or `undefined`. */
function disagreement(text: string): string | undefined {
  const official = officialReading(text);
  const { error, accepted, shape } = ourReading(text);
  if (error !== undefined) {
    return !official.accepted || isBeyondSyntax(error)
      ? undefined
      : `only promfed rejects it: ${error.message}`;
  }
  if (accepted !== official.accepted) return 'only promfed accepts it';
  if (official.shape === undefined || shape === official.shape) return undefined;
  return `parsed as ${shape ?? ''}, by the official grammar as ${official.shape}`;
}

function assertAgreement(text: string): void {
  const problem = disagreement(text);
  if (problem !== undefined) throw new Error(`${text}: ${problem}`);
}

function checkAll(t: Test, texts: readonly string[]): void {
  const problems = texts.flatMap((text) => {
    const problem = disagreement(text);
    return problem === undefined ? [] : [`${text}: ${problem}`];
  });
  t.strictSame(problems, []);
}

t.test(
  'both grammars agree on every query of the KOF dashboards',
  { skip: withoutShared('kof/queries.txt') },
  async (t) => {
    const lines = readFileSync(sharedPath('kof/queries.txt'), 'utf8').split('\n');
    const queries = lines
      .filter((line) => line.trim() !== '' && !isGrafanaQuery(line))
      .map((line) => replaceGrafanaVariables(line));
    t.ok(queries.length > 1000, `${queries.length} queries`);
    checkAll(t, queries);
    const rejected = queries.filter((query) => !ourReading(query).accepted);
    t.strictSame(rejected, [], 'all queries are valid');
  },
);

t.test(
  'both grammars agree on every query of the compliance suite',
  { skip: withoutShared('conformance') },
  async (t) => {
    const cases = JSON.parse(
      readFileSync(sharedPath('conformance/compliance-queries.json'), 'utf8'),
    ) as readonly { readonly query: string }[];
    t.ok(cases.length > 300, `${cases.length} queries`);
    checkAll(
      t,
      cases.map(({ query }) => query),
    );
    for (const { query } of cases) t.ok(ourReading(query).accepted, query);
  },
);

t.test(
  'both grammars agree on every expression of the conformance tests',
  { skip: withoutShared('conformance') },
  async (t) => {
    const folder = sharedPath('conformance/promqltest');
    const expressions: string[] = [];
    const rejected: string[] = [];
    for (const file of readdirSync(folder)) {
      const lines = readFileSync(join(folder, file), 'utf8').split('\n');
      lines.forEach((line, i) => {
        const text = tryExpression(line.trim());
        if (text === undefined) return;
        expressions.push(text);
        const { error } = ourReading(text);
        if (error !== undefined && !expectsFailure(lines, i))
          rejected.push(`${file}: ${error.message}: ${text}`);
      });
    }
    t.ok(expressions.length > 1000, `${expressions.length} expressions`);
    t.strictSame(rejected, []);
    // Texts listed in DIFFERENCES.
    const different = /^(?:min|max)_of\(|STEP|STep|\d\.(?:\D|$)/;
    checkAll(
      t,
      expressions.filter((text) => !different.test(text)),
    );
  },
);

/** Returns the expression of an `eval` line of a test script. */
function tryExpression(line: string): string | undefined {
  const instant = /^eval(?:_\w+)?\s+instant\s+(?:at\s+\S+\s+)?(.*)$/.exec(line);
  const range = /^eval(?:_\w+)?\s+range\s+from\s+\S+\s+to\s+\S+\s+step\s+\S+\s+(.*)$/.exec(line);
  return (instant ?? range)?.[1];
}

function expectsFailure(lines: readonly string[], at: number): boolean {
  if (lines[at]?.trim().startsWith('eval_fail') === true) return true;
  for (let i = at + 1; i < lines.length && lines[i]!.trim() !== ''; i++) {
    if (lines[i]!.trim().startsWith('expect fail')) return true;
  }
  return false;
}

t.test('both grammars agree on random expressions, printed on one line and on several', async (t) => {
  const options = {
    metrics: ['up', 'job:rate:sum', 'sum', 'by', 'start', 'fill', 'step'],
    // The official grammar has these two in durations only.
    functions: [...SIGNATURES.keys()].filter((name) => name !== 'min_of' && name !== 'max_of'),
  };
  const result = fc.check(
    fc.property(arbitraryExpr(options), (expr) => {
      for (const text of [printExpr(expr), prettyExpr(expr)]) assertAgreement(text);
    }),
    { numRuns: 500 },
  );
  t.notOk(result.failed, fc.defaultReportMessage(result) ?? '');
});

t.test('both grammars agree on damaged random expressions', async (t) => {
  const tokens = [
    '(',
    ')',
    '{',
    '}',
    '[',
    ']',
    ',',
    '+',
    '==',
    'by',
    'on',
    'offset',
    '@',
    '5m',
    '1',
    'x',
    'sum',
    'bool',
    ':',
  ];
  const damaged = fc
    .tuple(
      arbitraryExpr({ depth: 2, labels: ['job', 'le'], values: ['a'], experimental: false }),
      fc.nat(),
      fc.nat(),
      fc.constantFrom('', ...tokens),
    )
    .map(([expr, at, length, token]) => {
      const text = printExpr(expr);
      const start = at % (text.length + 1);
      return `${text.slice(0, start)} ${token} ${text.slice(start + (length % 4))}`;
    })
    .filter((text) => !isKnownDifference(text));
  const result = fc.check(fc.property(damaged, assertAgreement), { numRuns: 500 });
  t.notOk(result.failed, fc.defaultReportMessage(result) ?? '');
});

/** Reports whether a damaged text may have a difference that is listed in DIFFERENCES. */
function isKnownDifference(text: string): boolean {
  const quotes = text.split('"').length - 1;
  return quotes % 2 === 1 || /\d\.(?:\D|$)|offset|atan2|\\/.test(text);
}

t.test('the known differences between the grammars still exist', async (t) => {
  for (const { text, ours, why } of DIFFERENCES) {
    t.equal(ourReading(text).accepted, ours, why);
    t.equal(officialReading(text).accepted, !ours, why);
  }
});
