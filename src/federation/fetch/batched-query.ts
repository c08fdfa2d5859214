// Batched queries: several instant queries to one server group in one request, and the parts of its answer.

import { BufferedStream, transformFrames, type ResponseTrailer, type SeriesFrame } from '../../json/index.js';
import {
  asPromfedError,
  type LabelCorrection,
  type Labels,
  labelsBytes,
  PromfedError,
} from '../../model/index.js';
import type { FetchContext, GroupAnswer } from '../../upstreams/index.js';

/** Label that distinguishes the series of the expressions of one request. Its value is the position of the expression. */
const POSITION_LABEL = '__promfed_position__';
const POSITION_LABELS: ReadonlySet<string> = new Set([POSITION_LABEL]);

/** Returns one expression with the series of all: each with the position of its expression in a label. */
export function joinExpressions(expressions: readonly string[]): string {
  return expressions
    .map((expr, position) => `label_replace(${expr}, "${POSITION_LABEL}", "${position}", "", "")`)
    .join(' or ');
}

/** Corrects the labels of joined expressions, those of each series by the rule of its expression. */
export class JoinedLabelRule implements LabelCorrection {
  readonly mayCollide: boolean;
  /** The samples of an instant query have one step. */
  readonly joinsSteps = false;
  readonly #rules: readonly (LabelCorrection | undefined)[];

  /** @param rules in the order of the expressions. */
  constructor(rules: readonly (LabelCorrection | undefined)[]) {
    this.#rules = rules;
    this.mayCollide = rules.some((rule) => rule?.mayCollide === true);
  }

  correct(labels: Labels): Labels {
    const rule = this.#rules[positionOf(labels)];
    if (rule === undefined) return labels;
    const own = labels.drop(POSITION_LABELS);
    const correct = rule.correct(own);
    return correct === own ? labels : correct.with(labels.keep(POSITION_LABELS));
  }
}

interface Settle {
  readonly resolve: (answer: GroupAnswer) => void;
  readonly reject: (error: PromfedError) => void;
}

/** One instant query that waits for its answer. */
export class WaitingQuery {
  /** Resolves to the answer. Rejects as soon as the query is aborted. */
  readonly answer: Promise<GroupAnswer>;
  readonly context: FetchContext;
  /** Called when the query has been answered, has failed or was aborted. */
  onEnd: (() => void) | undefined;
  readonly #frames: SeriesFrame[] = [];
  #bytes = 0;
  #hasEnded = false;
  #settle: Settle | undefined;
  readonly #onAbort = (): void => {
    this.fail(asPromfedError(this.context.signal.reason));
  };

  constructor(context: FetchContext) {
    this.context = context;
    this.answer = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    context.signal.addEventListener('abort', this.#onAbort);
    if (context.signal.aborted) this.#onAbort();
  }

  /** True when the query has been answered, has failed or was aborted. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Adds a series of the answer. The query fails when there is no memory for it. */
  add(frame: SeriesFrame): void {
    if (this.#hasEnded) return;
    const bytes = frame.samples.byteLength + labelsBytes(frame.labels);
    try {
      this.context.memory?.reserve('upstream responses', bytes);
    } catch (thrown) {
      this.fail(asPromfedError(thrown));
      return;
    }
    this.#bytes += bytes;
    this.#frames.push(frame);
  }

  /** Answers the query with the series that were added. @param targets see `GroupAnswer.targets`. */
  end(trailer: ResponseTrailer, targets: readonly string[]): void {
    if (this.#hasEnded) return;
    const frames = transformFrames(new BufferedStream({ frames: this.#frames, trailer }), {
      close: () => {
        this.#releaseBytes();
      },
    });
    this.resolve({ resultType: 'vector', frames, targets });
  }

  /** Answers the query. */
  resolve(answer: GroupAnswer): void {
    if (this.#hasEnded) answer.frames.close();
    else this.#end().resolve(answer);
  }

  fail(error: PromfedError): void {
    if (this.#hasEnded) return;
    this.#end().reject(error);
    this.#releaseBytes();
  }

  /** Drops the series that were added, before another attempt. */
  reset(): void {
    this.#frames.length = 0;
    this.#releaseBytes();
  }

  #end(): Settle {
    this.#hasEnded = true;
    this.context.signal.removeEventListener('abort', this.#onAbort);
    this.onEnd?.();
    return this.#settle!;
  }

  #releaseBytes(): void {
    this.context.memory?.release('upstream responses', this.#bytes);
    this.#bytes = 0;
  }
}

/**
 * Reads the answer to one expression or to joined expressions to its end, and answers their queries. Warnings and infos of
 * the region belong to each of them.
 *
 * @param queries the queries of each expression, in the order of the expressions.
 * @throws PromfedError `upstream` when the answer is not a vector or has a series of no expression; as its stream does.
 */
export async function readBatch(
  { resultType, frames, targets = [] }: GroupAnswer,
  queries: readonly (readonly WaitingQuery[])[],
): Promise<void> {
  try {
    if (resultType !== 'vector') throw invalidBatch(`the result type is ${resultType}, not vector`);
    const isJoined = queries.length > 1;
    for (let batch = await frames.next(); batch !== undefined; batch = await frames.next()) {
      for (const { labels, samples } of batch) {
        const receivers = isJoined ? queries[positionOf(labels)] : queries[0];
        if (receivers === undefined) throw invalidBatch('a series belongs to no expression of the request');
        const frame = { labels: isJoined ? labels.drop(POSITION_LABELS) : labels, samples };
        for (const query of receivers) query.add(frame);
      }
    }
    for (const query of queries.flat()) query.end(frames.trailer, targets);
  } finally {
    frames.close();
  }
}

/** Returns the position of the expression that a series belongs to; NaN without one. */
function positionOf(labels: Labels): number {
  return Number.parseInt(labels.get(POSITION_LABEL), 10);
}

function invalidBatch(reason: string): PromfedError {
  return new PromfedError('upstream', `invalid answer to several expressions: ${reason}`);
}
