// What an `eval` of a test script says it expects beside values: failures, annotations, order, strings, ranges.

const KINDS = ['fail', 'warn', 'info', 'no_warn', 'no_info', 'ordered', 'string', 'range'] as const;
type Kind = (typeof KINDS)[number];

/** One expectation. Only `fail`, `warn` and `info` look at a text. */
export interface Expectation {
  readonly kind: Kind;
  readonly matches: (message: string) => boolean;
  /** What was written after the kind, and after `msg:` or `regex:`. */
  readonly text: string;
}

const EXPECT = /^expect\s+(\w+)(?:\s+(.*))?$/;
const HOW = /^(msg|regex):\s*(.*)$/;

/** Lines by which scripts said so before there was `expect`. */
const OLD_LINE = /^expected_fail_(message|regexp)\s+(.*)$/;

/**
 * Parses a line below an `eval`; undefined when it is none of expectations, but of values.
 *
 * @throws Error when it looks like an expectation and is none.
 * Source: Prometheus, promql/promqltest/test.go (`parseExpect`).
 */
export function tryParseExpectation(line: string): Expectation | undefined {
  const [, oldHow, oldText] = OLD_LINE.exec(line) ?? [];
  if (oldText !== undefined) return matching('fail', oldHow === 'message' ? 'msg' : 'regex', oldText);
  const [, kind, rest = ''] = EXPECT.exec(line) ?? [];
  if (kind === undefined) return undefined;
  if (!isKind(kind)) throw new Error(`no expectation: ${line}`);
  if (kind === 'string' || kind === 'range') return { kind, matches: () => false, text: rest };
  const [, how, text] = HOW.exec(rest) ?? [];
  const takesText = kind === 'fail' || kind === 'warn' || kind === 'info';
  if (rest !== '' && (how === undefined || !takesText)) throw new Error(`no expectation: ${line}`);
  return matching(kind, how, text ?? '');
}

/** What `eval_fail`, `eval_warn`, `eval_info` and `eval_ordered` expect. */
export function parseOldForm(suffix: string): Expectation {
  if (!isKind(suffix)) throw new Error(`no form of eval: ${suffix}`);
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
 * What is wrong with the annotations; undefined when they are as expected. They are compared with their place and
 * without. Where one of a kind is expected, all of that kind must be.
 */
export function annotationProblem(
  { warnings, infos }: { readonly warnings: readonly string[]; readonly infos: readonly string[] },
  expectations: readonly Expectation[],
): string | undefined {
  for (const kind of ['warn', 'info'] as const) {
    const got = kind === 'warn' ? warnings : infos;
    const wanted = expectations.filter((expectation) => expectation.kind === kind);
    const isUnwanted =
      expectations.some((expectation) => expectation.kind === `no_${kind}`) && got.length > 0;
    const isMet = (expectation: Expectation, text: string): boolean =>
      expectation.matches(text) || expectation.matches(text.replace(/ \([0-9]+:[0-9]+\)$/, ''));
    const areMet =
      wanted.length === 0 ||
      (wanted.every((expectation) => got.some((text) => isMet(expectation, text))) &&
        got.every((text) => wanted.some((expectation) => isMet(expectation, text))));
    if (isUnwanted || !areMet) return `annotations: ${got.length === 0 ? 'none' : got.join('; ')}`;
  }
  return undefined;
}
