// Expectations of an `eval` in addition to values: failures, annotations, order, strings and ranges.

const KINDS = ['fail', 'warn', 'info', 'no_warn', 'no_info', 'ordered', 'string', 'range'] as const;
type Kind = (typeof KINDS)[number];

/** One expectation. */
export interface Expectation {
  readonly kind: Kind;
  /** Matches the text of an error or an annotation, for `fail`, `warn` and `info`. */
  readonly matches: (message: string) => boolean;
  /** The text after the kind, and after `msg:` or `regex:`. */
  readonly text: string;
}

const EXPECT = /^expect\s+(\w+)(?:\s+(.*))?$/;
const HOW = /^(msg|regex):\s*(.*)$/;

/** The syntax before `expect`. */
const LEGACY_LINE = /^expected_fail_(message|regexp)\s+(.*)$/;

/**
 * Parses a line below an `eval`. Undefined for a line of values.
 *
 * Source: Prometheus, promql/promqltest/test.go (`parseExpect`).
 *
 * @throws Error for an invalid expectation.
 */
export function tryParseExpectation(line: string): Expectation | undefined {
  const [, legacyHow, legacyText] = LEGACY_LINE.exec(line) ?? [];
  if (legacyText !== undefined) {
    return matching('fail', legacyHow === 'message' ? 'msg' : 'regex', legacyText);
  }
  const [, kind, rest = ''] = EXPECT.exec(line) ?? [];
  if (kind === undefined) return undefined;
  if (!isKind(kind)) throw new Error(`invalid expectation: ${line}`);
  if (kind === 'string' || kind === 'range') return { kind, matches: () => false, text: rest };
  const [, how, text] = HOW.exec(rest) ?? [];
  const allowsText = kind === 'fail' || kind === 'warn' || kind === 'info';
  if (rest !== '' && (how === undefined || !allowsText)) throw new Error(`invalid expectation: ${line}`);
  return matching(kind, how, text ?? '');
}

/** Returns the expectation of `eval_fail`, `eval_warn`, `eval_info` and `eval_ordered`. */
export function parseEvalSuffix(suffix: string): Expectation {
  if (!isKind(suffix)) throw new Error(`unknown command: eval_${suffix}`);
  return matching(suffix, undefined, '');
}

function isKind(text: string): text is Kind {
  return (KINDS as readonly string[]).includes(text);
}

function matching(kind: Kind, how: string | undefined, text: string): Expectation {
  if (how === undefined) return { kind, matches: () => true, text };
  if (how === 'msg') return { kind, matches: (message) => message === text, text };
  const pattern = new RegExp(text);
  return { kind, matches: (message) => pattern.test(message), text };
}

/**
 * Compares annotations with the expectations and returns the difference, or `undefined`. Texts are compared with and
 * without position. If an annotation of a kind is expected, there must be no unexpected ones of that kind.
 */
export function compareAnnotations(
  { warnings, infos }: { readonly warnings: readonly string[]; readonly infos: readonly string[] },
  expectations: readonly Expectation[],
): string | undefined {
  for (const kind of ['warn', 'info'] as const) {
    const actual = kind === 'warn' ? warnings : infos;
    const expected = expectations.filter((expectation) => expectation.kind === kind);
    const isForbidden =
      expectations.some((expectation) => expectation.kind === `no_${kind}`) && actual.length > 0;
    const isMatch = (expectation: Expectation, text: string): boolean =>
      expectation.matches(text) || expectation.matches(text.replace(/ \([0-9]+:[0-9]+\)$/, ''));
    const areEqual =
      expected.length === 0 ||
      (expected.every((expectation) => actual.some((text) => isMatch(expectation, text))) &&
        actual.every((text) => expected.some((expectation) => isMatch(expectation, text))));
    if (isForbidden || !areEqual) {
      return `annotations: ${actual.length === 0 ? 'none' : actual.join('; ')}`;
    }
  }
  return undefined;
}
