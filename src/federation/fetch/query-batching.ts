// Batching of queries: instant queries that start together are sent to a server group in few requests.

import { maxOf, asPromfedError, PromfedError } from '../../model/index.js';
import { Cancellation } from '../../runtime/index.js';
import type { FetchContext, GroupAnswer, GroupSnapshot, RegionQuery } from '../../upstreams/index.js';
import { JoinedLabelRule, joinExpressions, readBatch, WaitingQuery } from './batched-query.js';

/** Maximum number of expressions of a request. Prometheus evaluates them one after another. */
const MAX_EXPRESSIONS = 16;
/** Maximum length of the expressions of a request. VictoriaMetrics accepts 16 KiB by default. */
const MAX_TEXT_CHARS = 8_000;
/** Time for which expressions are sent one by one after a request with several has failed. */
const PAUSE_MS = 5 * 60_000;

/** Shared by all batches: its stack trace has no information. */
const NOT_WAITED_FOR = new PromfedError('canceled', 'no query waits for the answer');

/** The queries of one expression. */
interface BatchedExpr {
  readonly labelRule: RegionQuery['labelRule'];
  readonly queries: WaitingQuery[];
}

/** The expressions of a batch, by their texts. */
type Batch = Map<string, BatchedExpr>;

/**
 * Batches the instant queries of a rule group. Equal expressions for one server group and one time are sent once, and
 * different ones together. The answers are those of single queries, except that warnings and infos of a region belong to
 * every query of the request.
 *
 * When a request with several expressions fails, each expression is sent in a request of its own, at once and for some
 * time after that: an expression that the region rejects, or a region that fails, affects no other query for long.
 */
export class QueryBatching {
  /** Batches that are not sent yet. */
  readonly #open = new Map<string, Batch>();
  /** Times of queries until which the expressions for a server group are sent one by one. */
  readonly #pausedUntilMs = new Map<string, number>();

  /**
   * Sends an instant query whose result is a vector, with others that are sent before the next turn of the event loop.
   * Throws as `GroupSnapshot.query` does.
   */
  query(group: GroupSnapshot, query: RegionQuery, context: FetchContext): Promise<GroupAnswer> {
    const key = JSON.stringify([group.name, query.grid.startMs, context.lookbackDeltaMs]);
    let batch = this.#open.get(key);
    if (batch === undefined) {
      const created: Batch = new Map();
      batch = created;
      this.#open.set(key, created);
      setImmediate(() => {
        this.#open.delete(key);
        this.#send(group, query, created);
      });
    }
    const waiting = new WaitingQuery(context);
    const known = batch.get(query.expr);
    if (known === undefined) batch.set(query.expr, { labelRule: query.labelRule, queries: [waiting] });
    else known.queries.push(waiting);
    return waiting.answer;
  }

  #send(group: GroupSnapshot, query: RegionQuery, batch: Batch): void {
    const isPaused = query.grid.startMs < (this.#pausedUntilMs.get(group.name) ?? -Infinity);
    for (const expressions of chunksOf([...batch.keys()], isPaused ? 1 : MAX_EXPRESSIONS)) {
      const sent = expressions.map((expr) => {
        const { labelRule, queries } = batch.get(expr)!;
        return { query: { ...query, expr, labelRule }, queries };
      });
      if (sent.length === 1) void sendOne(group, sent[0]!);
      else void this.#sendJoined(group, query, sent);
    }
  }

  /** Never rejects. */
  async #sendJoined(group: GroupSnapshot, query: RegionQuery, sent: readonly SentExpr[]): Promise<void> {
    const labelRule = new JoinedLabelRule(sent.map((one) => one.query.labelRule));
    const expr = joinExpressions(sent.map((one) => one.query.expr));
    try {
      await sendShared(
        group,
        { ...query, expr, labelRule },
        sent.map(({ queries }) => queries),
      );
    } catch {
      this.#pausedUntilMs.set(group.name, query.grid.startMs + PAUSE_MS);
      for (const one of sent) void sendOne(group, one);
    }
  }
}

/** One expression, and the queries that wait for its answer. */
interface SentExpr {
  readonly query: RegionQuery;
  readonly queries: readonly WaitingQuery[];
}

/** Sends one expression. Its failure is that of all its queries. Never rejects. */
async function sendOne(group: GroupSnapshot, { query, queries }: SentExpr): Promise<void> {
  const waiting = queries.filter(({ hasEnded }) => !hasEnded);
  const [first] = waiting;
  if (first === undefined) return;
  try {
    if (waiting.length === 1) first.resolve(await group.query(query, first.context));
    else await sendShared(group, query, [waiting]);
  } catch (thrown) {
    for (const one of waiting) one.fail(asPromfedError(thrown));
  }
}

/** Sends a request, and answers the queries that share it. The request ends when none of them waits any longer. */
async function sendShared(
  group: GroupSnapshot,
  query: RegionQuery,
  queries: readonly (readonly WaitingQuery[])[],
): Promise<void> {
  const waiting = queries.flat().filter(({ hasEnded }) => !hasEnded);
  const [first] = waiting;
  if (first === undefined) return;
  const signal = new Cancellation();
  let left = waiting.length;
  const onEnd = (): void => {
    if (--left === 0) signal.abort(NOT_WAITED_FOR);
  };
  for (const one of waiting) one.onEnd = onEnd;
  try {
    const deadlineMs = maxOf(waiting.map(({ context }) => context.deadlineMs));
    const answer = await group.query(query, { ...first.context, signal, deadlineMs });
    await readBatch(answer, queries);
  } catch (thrown) {
    for (const one of waiting) one.reset();
    throw thrown;
  }
}

/** Divides expressions into those of each request. */
function chunksOf(expressions: readonly string[], maxCount: number): readonly (readonly string[])[] {
  const chunks: string[][] = [];
  let chars = 0;
  for (const expr of expressions) {
    const last = chunks.at(-1);
    if (last === undefined || last.length === maxCount || chars + expr.length > MAX_TEXT_CHARS) {
      chunks.push([expr]);
      chars = expr.length;
    } else {
      last.push(expr);
      chars += expr.length;
    }
  }
  return chunks;
}
