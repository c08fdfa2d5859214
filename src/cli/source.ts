// The source of an answer: a federation in this process, or a URL.

import type { Answer } from './answer.js';
import type { CommandRequest } from './request.js';

export interface AnswerSource {
  /** @throws PromfedError when the query has no answer. */
  query(request: CommandRequest): Promise<SourceAnswer>;
  /**
   * @param analyze also runs the query.
   * @throws PromfedError when the query has no explanation.
   */
  explain(request: CommandRequest, analyze: boolean): Promise<SourceExplanation>;
  /** Ends every connection. */
  close(): Promise<void>;
}

/** The caller calls `release` when it no longer needs the answer. */
export interface SourceAnswer {
  /** The answer for a table or a chart. */
  view(): Answer;
  /** Yields the answer in the API's envelope. */
  json(): Iterable<string>;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  release(): void;
}

export interface SourceExplanation {
  /** The plan as lines of text. */
  readonly text: string;
  /** The error of the run with `analyze`; undefined when it succeeded or did not run. */
  readonly failure: string | undefined;
  /** Yields the explanation in the API's envelope. */
  json(): Iterable<string>;
}
