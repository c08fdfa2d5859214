// The functions that rewrite labels: label_replace and label_join.

import { ExpandingPattern, isLabelName, Labels, PromfedError } from '../../../model/index.js';

/** Maps the labels of a series to those of the result. */
export type MapLabels = (labels: Labels) => Labels;

/**
 * Creates the mapping of `label_replace(v, dst, replacement, src, regex)`. When the whole value of label `src` matches,
 * label `dst` is set to the expanded replacement, or removed when that is empty. Otherwise the labels stay unchanged.
 * Results are cached by the value of `src`.
 *
 * Source: Prometheus, promql/functions.go (`evalLabelReplace`).
 *
 * @throws PromfedError `execution`, with Prometheus' text, for an invalid regex or label name.
 */
export function createLabelReplace(dst: string, replacement: string, src: string, regex: string): MapLabels {
  const pattern = tryCompile(regex);
  if (pattern === undefined) {
    throw new PromfedError('execution', `invalid regular expression in label_replace(): ${regex}`);
  }
  checkLabelName(dst, 'destination', 'label_replace');
  const template = ExpandingPattern.parse(replacement);
  const results = new Map<string, string | undefined>();
  return (labels) => {
    const value = labels.get(src);
    if (!results.has(value)) results.set(value, pattern.tryMatch(value)?.(template));
    const result = results.get(value);
    return result === undefined ? labels : withLabel(labels, dst, result);
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
export function createLabelJoin(dst: string, separator: string, sources: readonly string[]): MapLabels {
  for (const source of sources) checkLabelName(source, 'source', 'label_join');
  checkLabelName(dst, 'destination', 'label_join');
  return (labels) => withLabel(labels, dst, sources.map((source) => labels.get(source)).join(separator));
}

function withLabel(labels: Labels, name: string, value: string): Labels {
  return value === '' ? labels.drop(new Set([name])) : labels.with(Labels.of([[name, value]]));
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
