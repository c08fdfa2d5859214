import { PromfedError } from '../../../model/index.js';
import type { CallNode } from '../../plan/index.js';

/** Returns the arguments after the first one, which must be string literals. */
export function stringArguments({ func, args }: CallNode): string[] {
  return args.slice(1).map((arg) => {
    if (arg.kind !== 'string') {
      throw new PromfedError('internal', `unexpected argument of ${func}(): ${arg.kind}`);
    }
    return arg.value;
  });
}
