// The warning for a response that its own server marks as partial.

import type { ResponseTrailer } from '../../json/index.js';
import type { Target } from '../http/target.js';
import type { GroupFailures } from './group-failures.js';

/** The reason of a partial response: VictoriaMetrics sets `isPartial` when some storage nodes did not answer. */
export const PARTIAL = 'partial response: some storage nodes did not answer';

/** Adds a warning that names the target to the trailer of a partial response. */
export function withPartialWarning(
  trailer: ResponseTrailer,
  target: Target,
  failures: GroupFailures,
): ResponseTrailer {
  return trailer.isPartial
    ? { ...trailer, warnings: [...trailer.warnings, failures.describe(target.name, PARTIAL)] }
    : trailer;
}
