// Label rules: the labels that the series of an expression's result can have.

import { PromfedError } from '../errors.js';
import { METRIC_NAME, type Labels } from '../labels.js';

/** Labels that name and describe a metric. Source: Prometheus, schema/labels.go (`IsMetadataLabel`). */
export const METADATA_LABELS: ReadonlySet<string> = new Set([METRIC_NAME, '__type__', '__unit__']);

/** Returns the error of two series that become equal. */
export function sameLabelset(): PromfedError {
  // Prometheus' text
  return new PromfedError('execution', 'vector cannot contain metrics with the same labelset');
}

/** Corrects the labels of an answer, because a region may keep labels that PromQL removes. */
export interface LabelCorrection {
  /** True when two series of one answer may become equal. */
  readonly mayCollide: boolean;
  /** True when series that become equal are one if they have no step in common. Otherwise they are always an error. */
  readonly joinsSteps: boolean;
  /** Returns the labels that the series has by PromQL: the same object when these are the given ones. */
  correct(labels: Labels): Labels;
}

/** Decides which labels a series can have: only the listed ones (`keeps`), or all except for the listed ones. */
export class LabelRule implements LabelCorrection {
  // `new this`, not `new LabelRule`: TypeScript 6 compiles the class name to a variable that is assigned only later.
  /** Any labels, as selectors have. */
  static readonly ANY = new this({ keeps: false, names: new Set() });

  readonly keeps: boolean;
  readonly names: ReadonlySet<string>;
  readonly mayCollide: boolean;
  readonly joinsSteps: boolean;

  constructor({
    keeps,
    names,
    mayCollide = false,
    joinsSteps = true,
  }: Pick<LabelRule, 'keeps' | 'names'> & Partial<LabelCorrection>) {
    this.keeps = keeps;
    this.names = names;
    this.mayCollide = mayCollide;
    this.joinsSteps = joinsSteps;
  }

  /** Reports whether a series can have the label. */
  allows(name: string): boolean {
    return this.names.has(name) === this.keeps;
  }

  correct(labels: Labels): Labels {
    const { names, keeps } = this;
    if (names.size === 0 && !keeps) return labels;
    const { flat } = labels;
    for (let i = 0; i < flat.length; i += 2) {
      if (names.has(flat[i]!) !== keeps) return keeps ? labels.keep(names) : labels.drop(names);
    }
    return labels;
  }

  /** The rule of series that have lost these labels. */
  without(removed: Iterable<string>): LabelRule {
    const names = new Set(this.names);
    for (const name of removed) {
      if (this.keeps) names.delete(name);
      else names.add(name);
    }
    return this.#with(names);
  }

  /** The rule of series that may have been given these labels. */
  adding(added: Iterable<string>): LabelRule {
    const names = new Set(this.names);
    for (const name of added) {
      if (this.keeps) names.add(name);
      else names.delete(name);
    }
    return this.#with(names);
  }

  /** The rule of series that have kept only these labels. */
  keeping(kept: Iterable<string>): LabelRule {
    return new LabelRule({ keeps: true, names: new Set([...kept].filter((name) => this.allows(name))) });
  }

  /** The rule of series that satisfy this rule or the other one. */
  or(other: LabelRule): LabelRule {
    const [keeping, dropping] = this.keeps ? [this, other] : [other, this];
    if (keeping.keeps) return dropping.adding(keeping.names);
    return this.#with(new Set([...this.names].filter((name) => !other.allows(name))));
  }

  /** The same labels, with other properties of collisions. */
  colliding(mayCollide: boolean, joinsSteps: boolean): LabelRule {
    return new LabelRule({ keeps: this.keeps, names: this.names, mayCollide, joinsSteps });
  }

  #with(names: ReadonlySet<string>): LabelRule {
    const { keeps, mayCollide, joinsSteps } = this;
    return new LabelRule({ keeps, names, mayCollide, joinsSteps });
  }
}
