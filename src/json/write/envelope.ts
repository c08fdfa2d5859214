// The envelope of the Prometheus API's answers.

/** The start of a successful answer, up to its `data`. */
export const SUCCESS = '{"status":"success","data":';

/** Returns `,"warnings":[…],"infos":[…]`, without the members that are empty. */
export function annotationMembers({
  warnings,
  infos,
}: {
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}): string {
  const members = [];
  if (warnings.length > 0) members.push(`,"warnings":${JSON.stringify(warnings)}`);
  if (infos.length > 0) members.push(`,"infos":${JSON.stringify(infos)}`);
  return members.join('');
}
