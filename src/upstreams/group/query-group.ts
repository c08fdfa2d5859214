// A query to a group: the replicas' streams opened together, merged into one, and watched to their end.

import {
  EMPTY_TRAILER,
  openResponse,
  type FrameStream,
  type ResponseTrailer,
  type OpenResponse,
  transformFrames,
} from '../../json/index.js';
import { mergeReplicaStreams } from '../../merge/index.js';
import { asPromfedError, PromfedError } from '../../model/index.js';
import type { ApiCall } from '../api/api-call.js';
import { answerFailure } from '../http/failure.js';
import type { RequestScope } from '../http/request-scope.js';
import type { ResponseBody } from '../http/response-body.js';
import type { Target } from '../http/target.js';
import type { FetchContext, GroupAnswer, RegionQuery } from '../server-group.js';
import { fanOut, type Group, type TargetAnswer } from './fan-out.js';
import { isFatal, type GroupFailures } from './group-failures.js';
import { PARTIAL } from './partial.js';

/** Answers of up to so many bytes may be read as a whole. */
const MAX_WHOLE_BYTES = 64 << 10;

interface OpenAnswer extends OpenResponse {
  readonly body: ResponseBody;
}

/**
 * Errors as in `ServerGroup`. A replica that fails before its answer begins, or in the middle of it, becomes a warning
 * of the tail as long as another one is read to its end: replicas hold the same data, so what the others say is
 * a whole answer. The last one to fail fails the stream.
 */
export async function queryGroup(
  group: Group,
  kind: RegionQuery['kind'],
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
  const used = answers.filter(({ target, value }, i) => {
    if (value.resultType === resultType) {
      // A scalar or string is one value: there is nothing to merge.
      if (i === 0 || resultType === 'vector' || resultType === 'matrix') return true;
    } else {
      const reason = `answered a ${value.resultType} where another target answered a ${resultType}`;
      const error = new PromfedError('upstream', reason);
      failures.add(target.name, error);
      value.body.close(error);
    }
    value.body.close();
    return false;
  });
  const frames = join(group, used, failures, context.memory);
  if (used.length > 1) return { resultType, frames };
  const { target, value } = used[0]!;
  return {
    resultType,
    frames,
    async tryBuffer() {
      const whole = await value.tryBuffer(MAX_WHOLE_BYTES);
      if (whole === undefined) return undefined;
      value.body.close();
      return { frames: whole.frames, trailer: closing(named(whole.trailer, target, failures), failures) };
    },
  };
}

async function open(
  target: Target,
  scope: RequestScope,
  call: ApiCall,
  kind: RegionQuery['kind'],
  maxBytes: number,
): Promise<OpenAnswer> {
  const body = await target.send(call, scope, maxBytes);
  try {
    const { resultType, frames, tryBuffer: readSmall } = await openResponse(body, { memory: body.memory });
    if (kind === 'range' && resultType !== 'matrix') {
      throw new PromfedError('upstream', `answered a ${resultType} where a range query gives a matrix`);
    }
    return { resultType, frames, tryBuffer: readSmall, body };
  } catch (thrown) {
    const error = answerFailure(thrown);
    body.close(error);
    throw error;
  }
}

/** One stream of the replicas' streams, whose tail also says which targets failed. */
function join(
  group: Group,
  answers: readonly TargetAnswer<OpenAnswer>[],
  failures: GroupFailures,
  memory: FetchContext['memory'],
): FrameStream {
  const closeAll = (): void => {
    for (const { value } of answers) value.body.close();
  };
  let alive = answers.length;
  /** What a stream threw names its target; what the merge itself throws does not even name the group. */
  let reported: PromfedError | undefined;
  const streams = answers.map(({ target, value: { frames, body } }) => {
    let failure: PromfedError | undefined;
    return transformFrames(frames, {
      fail(thrown) {
        failure = answerFailure(thrown);
        if (isFatal(failure)) throw (reported = failures.fatal(target.name, failure));
        failures.add(target.name, failure);
        alive -= 1;
        if (alive === 0) throw (reported = failures.error());
        return EMPTY_TRAILER;
      },
      finish: (tail) => named(tail, target, failures),
      close() {
        body.close(failure);
      },
    });
  });
  const merged =
    streams.length === 1 ? streams[0]! : mergeReplicaStreams(streams, group.antiAffinityMs, { memory });
  return transformFrames(merged, {
    fail(thrown) {
      const error = asPromfedError(thrown);
      throw error === reported ? error : failures.ofGroup(error);
    },
    finish: (tail) => closing(tail, failures),
    close: closeAll,
  });
}

/** With a warning when the target's answer is partial. */
function named(tail: ResponseTrailer, target: Target, failures: GroupFailures): ResponseTrailer {
  return tail.isPartial
    ? { ...tail, warnings: [...tail.warnings, failures.sentence(target.name, PARTIAL)] }
    : tail;
}

/** With the warnings of the targets that failed. */
function closing(tail: ResponseTrailer, failures: GroupFailures): ResponseTrailer {
  const { warnings } = failures;
  return warnings.length === 0 ? tail : { ...tail, warnings: [...tail.warnings, ...warnings] };
}
