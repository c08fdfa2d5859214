// Queries to a server group: merges the streams of its replicas into one.

import {
  EMPTY_TRAILER,
  DeferredFrames,
  openResponse,
  type FrameStream,
  type ResponseTrailer,
  type OpenResponse,
  type SeriesFrame,
  transformFrames,
} from '../../json/index.js';
import { correctBufferedLabels, correctLabels, mergeReplicaStreams } from '../../merge/index.js';
import { asPromfedError, PromfedError } from '../../model/index.js';
import type { ApiCall } from '../api/api-call.js';
import { responseFailure } from '../http/failure.js';
import { isFatal } from '../region-error.js';
import type { RequestScope } from '../http/request-scope.js';
import type { ResponseBody } from '../http/response-body.js';
import type { Target } from '../http/target.js';
import type { FetchContext, GroupAnswer, RegionQuery } from '../server-group.js';
import { fanOut, type TargetGroup, type TargetAnswer } from './fan-out.js';
import type { GroupFailures } from './group-failures.js';

/** Maximum size of a buffered answer. */
const MAX_BUFFERED_BYTES = 64 << 10;

interface OpenAnswer extends OpenResponse {
  readonly body: ResponseBody;
}

/**
 * Queries the replicas of a group. Errors as in `GroupSnapshot`.
 *
 * A replica that fails, before or within its answer, becomes a warning of the trailer: the other replicas hold the same
 * data. The stream fails when no replica was read to its end.
 */
export async function queryReplicas(
  group: TargetGroup,
  { kind, labelRule }: Pick<RegionQuery, 'kind' | 'labelRule'>,
  call: ApiCall,
  context: FetchContext,
): Promise<GroupAnswer> {
  const { answers, failures } = await fanOut(
    group,
    context,
    (target, scope) => open(target, scope, call, kind, group.limits.maxResponseBytes),
    ({ body }) => {
      body.close();
    },
  );
  const { resultType } = answers[0]!.value;
  const used = closeUnused(answers, failures);
  const { rejection } = failures;
  // An instant query answers with a matrix only to a range selector.
  const areRaw = kind === 'instant' && resultType === 'matrix';
  const { memory, signal } = context;
  const frames = new DeferredFrames(() =>
    mergeAnswers(group, used, failures, { areRaw, labelRule, memory, signal }),
  );
  const targets = used.map(({ target }) => target.name);
  if (used.length > 1) return { resultType, frames, targets, rejection };
  const { target, value } = used[0]!;
  return {
    resultType,
    frames,
    targets,
    rejection,
    async tryBuffer() {
      const buffered = await value.tryBuffer(MAX_BUFFERED_BYTES);
      if (buffered === undefined) return undefined;
      value.body.close();
      const corrected = correctBuffered(buffered.frames, labelRule, failures, target);
      const trailer = failures.withOwnWarnings(target.name, buffered.trailer);
      return { frames: corrected, trailer: withFailures(trailer, failures) };
    },
  };
}

/**
 * Returns the answers to be merged, at least one, and closes the others. An answer with another type than the first is a
 * failure of its target. Of scalars and strings the first one is used.
 */
function closeUnused(
  answers: readonly TargetAnswer<OpenAnswer>[],
  failures: GroupFailures,
): readonly TargetAnswer<OpenAnswer>[] {
  const { resultType } = answers[0]!.value;
  const isMerged = resultType === 'vector' || resultType === 'matrix';
  const used: TargetAnswer<OpenAnswer>[] = [];
  for (const answer of answers) {
    const { target, value } = answer;
    if (value.resultType !== resultType) {
      const reason = `returned a ${value.resultType} where another target returned a ${resultType}`;
      const error = new PromfedError('upstream', reason);
      failures.add(target.name, error);
      value.body.close(error);
    } else if (used.length === 0 || isMerged) {
      used.push(answer);
    } else {
      value.body.close();
    }
  }
  return used;
}

/** Sends a query to a target and reads the beginning of the answer, up to the result type. */
async function open(
  target: Target,
  scope: RequestScope,
  call: ApiCall,
  kind: RegionQuery['kind'],
  maxBytes: number,
): Promise<OpenAnswer> {
  const body = await target.send(call, scope, maxBytes);
  try {
    const { resultType, frames, tryBuffer } = await openResponse(body, {
      memory: body.memory,
      checksSamples: true,
    });
    if (kind === 'range' && resultType !== 'matrix') {
      throw new PromfedError('upstream', `returned a ${resultType} instead of a matrix`);
    }
    return { resultType, frames, tryBuffer, body };
  } catch (thrown) {
    const error = responseFailure(thrown);
    body.close(error);
    throw error;
  }
}

function correctBuffered(
  frames: readonly SeriesFrame[],
  labelRule: RegionQuery['labelRule'],
  failures: GroupFailures,
  target: Target,
): readonly SeriesFrame[] {
  if (labelRule === undefined) return frames;
  try {
    return correctBufferedLabels(frames, labelRule);
  } catch (thrown) {
    throw failures.fatal(target.name, asPromfedError(thrown));
  }
}

interface MergeAnswersOptions
  extends Pick<RegionQuery, 'labelRule'>, Pick<FetchContext, 'memory' | 'signal'> {
  /** True when the samples are stored ones, not values on a step grid. */
  readonly areRaw: boolean;
}

/** Merges the streams of replicas with corrected labels. The trailer has a warning for each failed target. */
function mergeAnswers(
  group: TargetGroup,
  answers: readonly TargetAnswer<OpenAnswer>[],
  failures: GroupFailures,
  { areRaw, labelRule, memory, signal }: MergeAnswersOptions,
): FrameStream {
  const closeAll = (): void => {
    for (const { value } of answers) value.body.close();
  };
  const names = answers.map(({ target }) => target.name);
  let remaining = answers.length;
  /** The error thrown by a stream. It names the group and the target; errors of the merge name neither. */
  let reported: PromfedError | undefined;
  const streams = answers.map(({ target, value: { frames, body } }) => {
    let failure: PromfedError | undefined;
    return transformFrames(
      labelRule === undefined ? frames : correctLabels(frames, labelRule, { memory, signal }),
      {
        fail(thrown) {
          failure = responseFailure(thrown);
          if (isFatal(failure)) throw (reported = failures.fatal(target.name, failure));
          failures.add(target.name, failure);
          remaining -= 1;
          if (remaining === 0) throw (reported = failures.error());
          return EMPTY_TRAILER;
        },
        finish: (trailer) => failures.withOwnWarnings(target.name, trailer),
        close() {
          body.close(failure);
        },
      },
    );
  });
  const merged =
    streams.length === 1
      ? streams[0]!
      : mergeReplicaStreams(streams, { antiAffinity: group.antiAffinity, areRaw, memory, signal });
  return transformFrames(merged, {
    fail(thrown) {
      const error = asPromfedError(thrown);
      throw error === reported ? error : failures.groupError(error, names);
    },
    finish: (trailer) => withFailures(trailer, failures),
    close: closeAll,
  });
}

function withFailures(trailer: ResponseTrailer, { warnings }: GroupFailures): ResponseTrailer {
  return warnings.length === 0 ? trailer : { ...trailer, warnings: [...trailer.warnings, ...warnings] };
}
