// `promfed check rules --live`: selectors of rules that match nothing, by server group.

import type { CheckedRuleFile, LiveFlags } from '../../config/index.js';
import { createQueryRequest, QueryBatching, type QueryEngine } from '../../federation/index.js';
import {
  asPromfedError,
  compileMatcher,
  instantGrid,
  METRIC_NAME,
  printDuration,
  printMatchers,
  PromfedError,
  type Labels,
  type Matcher,
} from '../../model/index.js';
import {
  parseExpr,
  resolveDuration,
  walk,
  type Duration,
  type Expr,
  type FeatureSet,
} from '../../promql/language/index.js';
import { Cancellation } from '../../runtime/index.js';
import { printable } from '../printable.js';

/** One server group, and an engine that queries it alone. The caller closes it. */
export interface LiveGroup {
  readonly name: string;
  /** The labels of each set of replicas. A selector that matches none of them does not concern the group. */
  readonly labels: readonly Labels[];
  readonly engine: QueryEngine;
  close(): Promise<void>;
}

export interface LiveEnvironment {
  readonly features: FeatureSet;
  readonly clock: { now(): number };
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** A selector at one place. */
interface RuleSelector {
  /** `FILE:LINE:COLUMN`. */
  readonly position: string;
  readonly rule: string;
  readonly matchers: readonly Matcher[];
  /** The query that counts its series. */
  readonly query: string;
}

type Verdict = 'found' | 'missing' | 'unknown';

/** The start of messages that name the server group. */
const GROUP_PREFIX = /^server group "(?:[^"\\]|\\.)*"(?: is missing from this answer)?: /;
const QUERY_TIMEOUT_MS = 60_000;
/** Number of queries that run at the same time in one server group. Eight are sent in one request. */
const CONCURRENT_QUERIES = 64;

/**
 * Prints a line for each selector that matches no sample in a server group that it concerns. Selectors of absent() and
 * absent_over_time(), and of metrics that the files record, are not checked.
 *
 * @returns true when `--fail-on-missing` is set and something is missing, or a server group did not answer.
 */
export async function checkLive(
  files: readonly CheckedRuleFile[],
  { rangeMs, failsOnMissing }: LiveFlags,
  groups: readonly LiveGroup[],
  environment: LiveEnvironment,
): Promise<boolean> {
  const { out, err } = environment;
  try {
    const selectors = selectorsOf(files, rangeMs, environment.features);
    const queries = [...new Map(selectors.map((one) => [one.query, one.matchers]))];
    const verdicts = new Map<LiveGroup, ReadonlyMap<string, Verdict>>();
    let hasFailed = false;
    await Promise.all(
      groups.map(async (group) => {
        try {
          verdicts.set(group, await queryGroup(group, queries, environment));
        } catch (thrown) {
          hasFailed = true;
          const reason = asPromfedError(thrown).message.replace(GROUP_PREFIX, '');
          err(`server group ${group.name} did not answer: ${printable(reason)}\n`);
        }
      }),
    );
    const answered = groups.filter((group) => verdicts.has(group));
    let missing = 0;
    for (const selector of selectors) {
      const line = describe(selector, answered, (group) => verdicts.get(group)!.get(selector.query)!);
      if (line === undefined) continue;
      missing++;
      err(`${printable(line)}\n`);
    }
    out(
      `${selectors.length} selectors checked in ${answered.length} of ${groups.length} server groups: ${missing} match nothing in at least one\n`,
    );
    return failsOnMissing && (missing > 0 || hasFailed);
  } finally {
    await Promise.all(groups.map((group) => group.close()));
  }
}

function describe(
  { position, rule, matchers }: RuleSelector,
  groups: readonly LiveGroup[],
  verdictOf: (group: LiveGroup) => Verdict,
): string | undefined {
  const missing = groups.filter((group) => verdictOf(group) === 'missing').map(({ name }) => name);
  const found = groups.filter((group) => verdictOf(group) === 'found').map(({ name }) => name);
  if (missing.length === 0) return undefined;
  const where = `${missing.length === 1 ? 'server group' : 'server groups'} ${missing.join(', ')}`;
  const elsewhere = found.length === 0 ? '' : ` (has data in ${found.join(', ')})`;
  return `${position} rule ${rule}: selector ${textOf(matchers)} matches nothing in ${where}${elsewhere}`;
}

/** The selector with its metric name in front. */
function textOf(matchers: readonly Matcher[]): string {
  const name = matchers.find(({ name: label, op }) => label === METRIC_NAME && op === '=');
  if (name === undefined || !/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name.value)) return printMatchers(matchers);
  const others = matchers.filter((matcher) => matcher !== name);
  return name.value + (others.length === 0 ? '' : printMatchers(others));
}

/** @throws PromfedError when the group does not answer. */
async function queryGroup(
  group: LiveGroup,
  queries: readonly (readonly [query: string, matchers: readonly Matcher[]])[],
  environment: LiveEnvironment,
): Promise<ReadonlyMap<string, Verdict>> {
  const verdicts = new Map<string, Verdict>();
  const batching = new QueryBatching();
  const pending = queries.filter(([query, matchers]) => {
    if (concerns(matchers, group.labels)) return true;
    verdicts.set(query, 'unknown');
    return false;
  });
  for (let i = 0; i < pending.length; i += CONCURRENT_QUERIES) {
    await Promise.all(
      pending.slice(i, i + CONCURRENT_QUERIES).map(async ([query]) => {
        verdicts.set(query, await hasSeries(group, query, batching, environment));
      }),
    );
  }
  return verdicts;
}

/** Reports whether series of a group with one of the label sets may match. */
function concerns(matchers: readonly Matcher[], sets: readonly Labels[]): boolean {
  return sets.some((labels) =>
    matchers.every(
      (matcher) => !labels.has(matcher.name) || compileMatcher(matcher)(labels.get(matcher.name)),
    ),
  );
}

async function hasSeries(
  { engine }: LiveGroup,
  text: string,
  batching: QueryBatching,
  { features, clock }: LiveEnvironment,
): Promise<Verdict> {
  const timeMs = clock.now();
  const request = createQueryRequest(
    {
      text,
      kind: 'instant',
      grid: instantGrid(timeMs),
      endMs: timeMs,
      lookbackDeltaMs: undefined,
      timeoutMs: QUERY_TIMEOUT_MS,
      routing: 'all',
      limit: undefined,
      stats: 'counters',
      batching,
      signal: new Cancellation(),
    },
    features,
  );
  const answer = await engine.evaluate(request);
  try {
    const { value, annotations } = answer;
    // A failure of a group with ignore_error is a warning.
    if (annotations.missingGroups.length > 0) {
      throw new PromfedError('upstream', annotations.warnings[0] ?? 'no answer');
    }
    return value.type === 'vector' && value.columns.length > 0 ? 'found' : 'missing';
  } finally {
    answer.release();
  }
}

/** Returns the selectors in the order of the files. */
function selectorsOf(
  files: readonly CheckedRuleFile[],
  rangeMs: number,
  features: FeatureSet,
): RuleSelector[] {
  const recorded = new Set(
    files.flatMap(({ groups }) =>
      groups.flatMap(({ rules }) => rules.filter(({ kind }) => kind === 'recording').map(({ name }) => name)),
    ),
  );
  return files.flatMap(({ groups, positionInExpr }) =>
    groups.flatMap((group, i) =>
      group.rules.flatMap((rule, j) =>
        selectorsIn(parseExpr(rule.expr, { features }))
          .filter(
            ({ matchers }) =>
              !matchers.some((one) => one.name === METRIC_NAME && one.op === '=' && recorded.has(one.value)),
          )
          .map(({ matchers, spanMs, start }): RuleSelector => {
            const range = printDuration(Math.max(rangeMs, spanMs));
            return {
              position: positionInExpr(i, j, start),
              rule: rule.name,
              matchers,
              query: `count(last_over_time(${printMatchers(matchers)}[${range}]))`,
            };
          }),
      ),
    ),
  );
}

const ABSENT: ReadonlySet<string> = new Set(['absent', 'absent_over_time']);

interface FoundSelector {
  readonly matchers: readonly Matcher[];
  /** Its own range; 0 for an instant selector. */
  readonly spanMs: number;
  /** Offset in bytes. */
  readonly start: number;
}

function selectorsIn(expr: Expr): readonly FoundSelector[] {
  const found: FoundSelector[] = [];
  walk(expr, (node) => {
    if (node.kind === 'call' && ABSENT.has(node.func)) return false;
    if (node.kind === 'matrixSelector') {
      const { matchers, position } = node.selector;
      found.push({ matchers, spanMs: spanOf(node.range), start: position.start });
      return false;
    }
    if (node.kind === 'vectorSelector') {
      found.push({ matchers: node.matchers, spanMs: 0, start: node.position.start });
    }
    return true;
  });
  return found;
}

/** A range that depends on the query is that of an instant query. */
function spanOf(range: Duration): number {
  try {
    return resolveDuration(range, { stepMs: 0, rangeMs: 0 });
  } catch {
    return 0;
  }
}
