// Relabelling: rules that keep, drop and rewrite label sets.

import { createHash } from 'node:crypto';

import type { Labels } from '../labels.js';
import { isLabelName } from '../labels.js';
import { ExpandingPattern } from '../matchers/expanding-pattern.js';
import { compileAnchored } from '../matchers/regex.js';
import { LabelBuilder } from './label-builder.js';
import type { RelabelSettings } from './relabel-settings.js';
import { toLowerSimple, toUpperSimple } from './simple-case.js';

/** Applies one rule to a builder. Returns false when the labels are dropped. */
type Step = (builder: LabelBuilder) => boolean;

/**
 * Compiled relabelling rules. Immutable, and without side effects on its input.
 *
 * Source: Prometheus, model/relabel/relabel.go.
 */
export class Relabeler {
  /** A relabeler without rules. */
  static readonly NONE = new this([]);

  readonly #steps: readonly Step[];

  /** @throws PromfedError `bad_data` for an invalid regex. Other settings must be valid. */
  constructor(rules: readonly RelabelSettings[]) {
    this.#steps = rules.map(compile);
  }

  /** Applies the rules in order. Returns undefined when one of them drops the labels. */
  tryRelabel(labels: Labels): Labels | undefined {
    if (this.#steps.length === 0) return labels;
    const builder = new LabelBuilder(labels);
    return this.#steps.every((step) => step(builder)) ? builder.labels() : undefined;
  }
}

function compile(rule: RelabelSettings): Step {
  const { action, sourceLabels, separator, targetLabel, modulus } = rule;
  const subject = (builder: LabelBuilder): string =>
    sourceLabels.length === 1
      ? builder.get(sourceLabels[0]!)
      : sourceLabels.map((name) => builder.get(name)).join(separator);

  switch (action) {
    case 'keep':
    case 'drop': {
      const { test } = compileAnchored(rule.regex);
      return (builder) => test(subject(builder)) === (action === 'keep');
    }
    case 'keepequal':
      return (builder) => builder.get(targetLabel) === subject(builder);
    case 'dropequal':
      return (builder) => builder.get(targetLabel) !== subject(builder);
    case 'replace':
      return compileReplace(rule, subject);
    case 'lowercase':
      return setting(targetLabel, (builder) => toLowerSimple(subject(builder)));
    case 'uppercase':
      return setting(targetLabel, (builder) => toUpperSimple(subject(builder)));
    case 'hashmod':
      return setting(targetLabel, (builder) => hashModulo(subject(builder), modulus));
    case 'labelmap':
      return compileLabelMap(rule);
    case 'labeldrop':
    case 'labelkeep': {
      const { test } = compileAnchored(rule.regex);
      return (builder) => {
        for (const [name] of builder.entries()) {
          if (test(name) === (action === 'labeldrop')) builder.delete(name);
        }
        return true;
      };
    }
  }
}

/** A step that sets a label and never drops. An empty value removes the label. */
function setting(name: string, valueOf: (builder: LabelBuilder) => string): Step {
  return (builder) => {
    builder.set(name, valueOf(builder));
    return true;
  };
}

/** A target that expands to an invalid name changes nothing. */
function compileReplace(
  { regex, targetLabel, replacement }: RelabelSettings,
  subject: (builder: LabelBuilder) => string,
): Step {
  const pattern = new ExpandingPattern(regex);
  const target = ExpandingPattern.parse(targetLabel);
  const value = ExpandingPattern.parse(replacement);
  return (builder) => {
    const expand = pattern.tryMatch(subject(builder));
    if (expand === undefined) return true;
    const name = expand(target);
    if (isLabelName(name)) builder.set(name, expand(value));
    return true;
  };
}

/** Unlike Prometheus, a name that expands to an invalid one is ignored: Prometheus creates a label without a name. */
function compileLabelMap({ regex, replacement }: RelabelSettings): Step {
  const pattern = new ExpandingPattern(regex);
  const name = ExpandingPattern.parse(replacement);
  return (builder) => {
    for (const [from, value] of builder.entries()) {
      const to = pattern.tryMatch(from)?.(name);
      if (to !== undefined && isLabelName(to)) builder.set(to, value);
    }
    return true;
  };
}

/** The last eight bytes of the MD5 sum, as an unsigned big-endian integer, modulo a positive integer. */
function hashModulo(text: string, modulus: number): string {
  const hash = createHash('md5').update(text, 'utf8').digest();
  return String(hash.readBigUInt64BE(8) % BigInt(modulus));
}
