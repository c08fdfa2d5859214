// The warning for a response that its own server marks as partial.

import type { ResponseTrailer } from '../../json/index.js';
import type { Target } from '../http/target.js';
import type { GroupFailures } from './group-failures.js';

/** A VictoriaMetrics cluster sets `isPartial` when some of its storage nodes did not answer. */
export const PARTIAL = 'partial response: some storage nodes did not answer';

/** Adds a warning that names the target when its response is partial. */
export function withPartialWarning(
  trailer: ResponseTrailer,
  target: Target,
  failures: GroupFailures,
): ResponseTrailer {
  return trailer.isPartial
    ? { ...trailer, warnings: [...trailer.warnings, failures.describe(target.name, PARTIAL)] }
    : trailer;
}
