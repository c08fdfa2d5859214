// The functions that rewrite labels: label_replace and label_join.

import { ExpandingPattern, isLabelName, type Labels, PromfedError } from '../../../model/index.js';

/** Maps the labels of a series to those of the result. */
export type MapLabels = (labels: Labels) => Labels;

/** Reserves memory for a label value before it is created. */
export type ReserveChars = (chars: number) => void;

/** Upper bound on the results that `label_replace` caches. */
const MAX_CACHED_RESULTS = 4096;
/** Upper bound on the length of a written value, in UTF-16 units: longer ones block the process. */
const MAX_VALUE_CHARS = 4 << 20;

/**
 * Creates the mapping of `label_replace(v, dst, replacement, src, regex)`. When the whole value of label `src` matches,
 * label `dst` is set to the expanded replacement, or removed when that is empty. Otherwise the labels stay unchanged.
 * Results are cached by the value of `src`. Values are reserved before they are created, those that are cached once.
 *
 * Source: Prometheus, promql/functions.go (`evalLabelReplace`).
 *
 * @throws PromfedError `execution`, with Prometheus' text, for an invalid regex or label name.
 */
export function createLabelReplace(
  { dst, replacement, src, regex }: Readonly<Record<'dst' | 'replacement' | 'src' | 'regex', string>>,
  reserve: ReserveChars,
): MapLabels {
  const pattern = tryCompile(regex);
  if (pattern === undefined) {
    throw new PromfedError('execution', `invalid regular expression in label_replace(): ${regex}`);
  }
  checkLabelName(dst, 'destination', 'label_replace');
  const template = ExpandingPattern.parse(replacement);
  const checked = checkingLength('label_replace', reserve);
  const results = new Map<string, string | undefined>();
  return (labels) => {
    const value = labels.get(src);
    if (!results.has(value)) {
      if (results.size === MAX_CACHED_RESULTS) results.clear();
      results.set(value, pattern.tryMatch(value)?.(template, checked));
    }
    const result = results.get(value);
    return result === undefined ? labels : labels.withLabel(dst, result);
  };
}

/**
 * Creates the mapping of `label_join(v, dst, separator, src…)`: label `dst` is set to the joined values of the source
 * labels, or removed when that is empty.
 *
 * Source: Prometheus, promql/functions.go (`evalLabelJoin`).
 *
 * @throws PromfedError `execution`, with Prometheus' text, for an invalid label name.
 */
export function createLabelJoin(
  {
    dst,
    separator,
    sources,
  }: { readonly dst: string; readonly separator: string; readonly sources: readonly string[] },
  reserve: ReserveChars,
): MapLabels {
  for (const source of sources) checkLabelName(source, 'source', 'label_join');
  checkLabelName(dst, 'destination', 'label_join');
  const checked = checkingLength('label_join', reserve);
  const separators = Math.max(0, sources.length - 1) * separator.length;
  return (labels) => {
    const values = sources.map((source) => labels.get(source));
    checked(values.reduce((sum, value) => sum + value.length, separators));
    return labels.withLabel(dst, values.join(separator));
  };
}

function checkingLength(func: string, reserve: ReserveChars): ReserveChars {
  return (chars) => {
    if (chars > MAX_VALUE_CHARS) {
      throw new PromfedError(
        'limit',
        `${func}() writes a label value of ${chars} characters (limit ${MAX_VALUE_CHARS})`,
      );
    }
    reserve(chars);
  };
}

function tryCompile(regex: string): ExpandingPattern | undefined {
  try {
    return new ExpandingPattern(regex);
  } catch (error) {
    if (error instanceof PromfedError && error.code === 'bad_data') return undefined;
    throw error;
  }
}

function checkLabelName(name: string, role: string, func: string): void {
  if (!isLabelName(name)) {
    throw new PromfedError('execution', `invalid ${role} label name in ${func}(): ${name}`);
  }
}
