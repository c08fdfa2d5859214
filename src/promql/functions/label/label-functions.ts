// The functions that rewrite labels: label_replace and label_join.

import { RE2JS } from 're2js';

import { Labels, PromfedError } from '../../../model/index.js';

import { parseTemplate } from './expand-template.js';

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
  const parts = parseTemplate(replacement);
  const names = pattern.namedGroups();
  const results = new Map<string, string | undefined>();
  const replace = (value: string): string | undefined => {
    const match = pattern.matcher(value);
    if (!match.matches()) return undefined;
    return parts
      .map((part) => {
        if (part.kind === 'text') return part.text;
        const index = part.kind === 'index' ? part.index : names[part.name];
        return index === undefined || index > match.groupCount() ? '' : (match.group(index) ?? '');
      })
      .join('');
  };
  return (labels) => {
    const value = labels.get(src);
    if (!results.has(value)) results.set(value, replace(value));
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

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Reports whether a label name is valid: any non-empty UTF-8 text, as in Prometheus 3. */
export function isLabelName(name: string): boolean {
  return name !== '' && !LONE_SURROGATE.test(name);
}

function withLabel(labels: Labels, name: string, value: string): Labels {
  return value === '' ? labels.drop(new Set([name])) : labels.with(Labels.of([[name, value]]));
}

function tryCompile(regex: string): RE2JS | undefined {
  try {
    // Compiles the bare pattern first: the added parenthesis must not close one of the pattern.
    RE2JS.compile(regex);
    return RE2JS.compile(`(?s:${regex})`);
  } catch {
    return undefined;
  }
}

function checkLabelName(name: string, role: string, func: string): void {
  if (!isLabelName(name)) {
    throw new PromfedError('execution', `invalid ${role} label name in ${func}(): ${name}`);
  }
}
