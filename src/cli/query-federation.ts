// Queries an engine in this process.

import {
  createQueryRequest,
  type QueryEngine,
  type QueryRequest,
  type ValueAnswer,
} from '../federation/index.js';
import { annotationMembers, encodeValue, SUCCESS } from '../json/index.js';
import type { FeatureSet } from '../promql/language/index.js';
import { Cancellation } from '../runtime/index.js';
import { answerOf } from './answer.js';
import type { CommandRequest } from './request.js';
import type { AnswerSource, SourceAnswer, SourceExplanation } from './source.js';

/** An engine in this process, and the end of its connections. */
export interface OpenEngine {
  readonly engine: QueryEngine;
  close(): Promise<void>;
}

/** @param open closed with the source. */
export function engineSource(open: OpenEngine, features: FeatureSet): AnswerSource {
  const { engine } = open;
  const toQueryRequest = (request: CommandRequest): QueryRequest =>
    createQueryRequest(
      {
        ...request,
        lookbackDeltaMs: undefined,
        limit: undefined,
        stats: 'counters',
        routing: 'learned',
        acceptsLossyHistograms: true,
        signal: new Cancellation(),
      },
      features,
    );
  return {
    async query(request): Promise<SourceAnswer> {
      const evaluated = await engine.evaluate(toQueryRequest(request));
      const { value, annotations } = evaluated;
      return {
        view: () => answerOf(value, request),
        json: () => envelope(evaluated, request),
        warnings: annotations.warnings,
        infos: annotations.infos,
        release: () => {
          evaluated.release();
        },
      };
    },

    async explain(request, analyze): Promise<SourceExplanation> {
      const explanation = await engine.explain({ ...toQueryRequest(request), analyze });
      return {
        text: explanation.text,
        failure: explanation.analysis?.error?.error,
        json: () => [JSON.stringify({ status: 'success', data: explanation })],
      };
    },

    close: () => open.close(),
  };
}

function* envelope({ value, annotations }: ValueAnswer, request: CommandRequest): Generator<string> {
  for (const block of encodeValue(value, { ...request, limit: undefined }, annotations, SUCCESS)) {
    yield textOf(block);
  }
  yield `}${annotationMembers(annotations)}}`;
}

/** Copies a block to a string, because its memory is reused. Blocks end between characters. */
function textOf(block: Uint8Array): string {
  return Buffer.from(block.buffer, block.byteOffset, block.length).toString('utf8');
}
