// Groups that answer within the process, and requests to federations of them.

import type { QueryAnswer, QueryParameters, QueryRequest } from '../../src/federation/index.js';
import { openResponse } from '../../src/json/index.js';
import { asPromfedError, Labels, PromfedError } from '../../src/model/index.js';
import type { FetchContext, GroupSnapshot, RegionQuery } from '../../src/upstreams/index.js';
import { queryRequest } from '../helpers/federation.js';
import { readBytes } from '../helpers/frame-streams.js';

const timeMs = 1_000_000;

export interface FakeGroup extends GroupSnapshot {
  /** The expressions that the group received. */
  readonly received: string[];
  readonly closedBodies: number;
}

export type Answer = (query: RegionQuery, context: FetchContext) => AsyncIterable<Uint8Array>;

const unexpected = (): never => {
  throw new Error('not expected in this test');
};

/** The methods of a group that no request of a test calls. */
export const UNEXPECTED_REQUESTS = {
  query: unexpected,
  samples: unexpected,
  series: unexpected,
  labelNames: unexpected,
  labelValues: unexpected,
  metadata: unexpected,
  rules: unexpected,
} satisfies Partial<GroupSnapshot>;

/** @param answer creates the body of a response, or throws the failure of the region. */
export function fakeGroup(
  name: string,
  labels: Record<string, string>,
  answer: Answer,
  ignoreError = false,
): FakeGroup {
  const received: string[] = [];
  let closed = 0;
  return {
    ...UNEXPECTED_REQUESTS,
    name,
    labels: Labels.from(labels),
    ignoreError,
    replicated: false,
    received,
    get closedBodies() {
      return closed;
    },
    async query(query, context) {
      received.push(query.expr);
      const body = answer(query, context);
      async function* counted(): AsyncGenerator<Uint8Array> {
        try {
          yield* body;
        } finally {
          closed++;
        }
      }
      const { resultType, frames } = await openResponse(counted());
      return { resultType, frames };
    },
  };
}

/** A vector of pods and their values. */
export async function* vector(
  series: Record<string, number>,
  then?: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  const result = Object.entries(series).map(
    ([name, value]) => `{"metric":{"pod":"${name}"},"value":[${timeMs / 1000},"${value}"]}`,
  );
  if (then === undefined) {
    yield Buffer.from(`{"status":"success","data":{"resultType":"vector","result":[${result.join(',')}]}}`);
    return;
  }
  yield Buffer.from(`{"status":"success","data":{"resultType":"vector","result":[${result.join(',')},`);
  await then();
}

export function failing(
  code: 'upstream' | 'execution' | 'rejected' | 'region_limit',
  message: string,
): Answer {
  return () => {
    throw new PromfedError(code, message);
  };
}

/** A body that breaks off after its first series. */
export function breakingOff(series: Record<string, number>): Answer {
  return () => vector(series, () => Promise.reject(new PromfedError('upstream', 'the body was cut')));
}

/** A body whose rest never arrives, until the request is aborted. */
export const silent: Answer = (_query, { signal }) =>
  vector(
    { a: 1 },
    () =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(asPromfedError(signal.reason));
        });
      }),
  );

export function request(text: string, changes: Partial<QueryParameters> = {}): QueryRequest {
  return queryRequest(text, timeMs, changes);
}

/** Reads an answer to its end. Returns the values by the labels of their series. */
export async function read(answer: QueryAnswer): Promise<Record<string, number>> {
  try {
    if (answer.kind === 'value') {
      if (answer.value.type !== 'vector')
        throw new Error(`a vector was expected, not a ${answer.value.type}`);
      return Object.fromEntries(
        answer.value.columns.map(({ labels, values }) => [labels.toString(), values[0]!]),
      );
    }
    const series = JSON.parse(`[${(await readBytes(answer.series)).toString()}]`) as {
      metric: Record<string, string>;
      value: [number, string];
    }[];
    return Object.fromEntries(
      series.map(({ metric, value }) => [Labels.from(metric).toString(), Number(value[1])]),
    );
  } finally {
    answer.release();
  }
}

export async function rejection(promise: Promise<unknown>): Promise<PromfedError> {
  try {
    await promise;
  } catch (thrown) {
    if (thrown instanceof PromfedError) return thrown;
    throw thrown;
  }
  throw new Error('an error was expected');
}
