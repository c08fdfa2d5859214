// A metadata request to a group: the union of the answers of its replicas.

import { asPromfedError } from '../../model/index.js';
import type { ApiCall } from '../api/api-call.js';
import {
  readMetadata,
  uniteAnswers,
  type MetadataKind,
  type TargetMetadata,
} from '../api/metadata-answer.js';
import type { RequestScope } from '../http/request-scope.js';
import type { Target } from '../http/target.js';
import { fanOut, type TargetGroup } from './fan-out.js';
import type { FetchContext, MetadataAnswer } from '../server-group.js';

/** Returns the union of the answers. Errors as in `GroupSnapshot`. */
export async function queryReplicaMetadata<T>(
  group: TargetGroup,
  kind: MetadataKind<T>,
  call: ApiCall,
  context: FetchContext,
): Promise<MetadataAnswer<T>> {
  const maxBytes = Math.min(group.limits.maxMetadataBytes, kind.maxBytes ?? Infinity);
  const { answers, failures } = await fanOut(
    group,
    context,
    (target, scope) => readTargetMetadata(target, scope, call, maxBytes, kind),
    () => undefined,
  );
  const replies = answers.map(({ target, value }) => failures.withOwnWarnings(target.name, value));
  return uniteAnswers(kind, replies, failures.warnings, context);
}

/** Requests metadata of one target. @throws PromfedError whose message is only the reason, as `Target.send` does. */
export async function readTargetMetadata<T>(
  target: Target,
  scope: RequestScope,
  call: ApiCall,
  maxBytes: number,
  kind: Pick<MetadataKind<T>, 'createReader'>,
): Promise<TargetMetadata<T>> {
  const body = await target.send(call, scope, maxBytes);
  try {
    const answer = await readMetadata(body, call.endpoint, kind, scope.context.signal);
    body.close();
    return answer;
  } catch (thrown) {
    const error = asPromfedError(thrown);
    body.close(error);
    throw error;
  }
}
