// Annotations of a query: the warnings and infos that travel with its result.

import type { Labels } from './labels.js';

/** Upper bound on the printed annotations of each kind. A further line counts the omitted ones. */
const MAX_PRINTED = 10;

/**
 * Upper bounds on the annotations about the expression that are kept, of each kind: their number, and their length in
 * UTF-16 units. Further ones are not counted.
 */
const MAX_KEPT = 10_000;
const MAX_KEPT_CHARS = 1 << 20;

/** Upper bound on the warnings of regions that are kept, whose length `MAX_KEPT_CHARS` bounds too. */
const MAX_REGION_WARNINGS = 1000;

/** The warning about a result that the `limit` parameter cut short. Source: Prometheus, web/api/v1/api.go. */
export const TRUNCATION_WARNING = 'results truncated due to limit';

/** A server group whose series are missing or incomplete in a result. */
export interface MissingGroup {
  readonly name: string;
  /** The labels that the group sets on all its series. */
  readonly labels: Labels;
}

/**
 * The warnings and infos of one query, in insertion order, without duplicates.
 *
 * Owned by one query: every stage of it adds to the same object.
 */
export class Annotations {
  readonly #notices = new Set<string>();
  readonly #warnings = new BoundedTexts();
  readonly #infos = new BoundedTexts();
  readonly #missing = new Map<string, MissingGroup>();
  #regionWarnings = 0;
  #regionChars = 0;
  #omittedRegionWarnings = 0;

  /** Adds a warning about the result as a whole, such as a missing region. It is always printed. */
  notice(text: string): void {
    this.#notices.add(text);
  }

  /** Adds a warning that came with the answer of a region. It is printed like a notice; too many are counted. */
  regionWarning(text: string): void {
    if (this.#notices.has(text)) return;
    const chars = this.#regionChars + text.length;
    if (this.#regionWarnings === MAX_REGION_WARNINGS || chars > MAX_KEPT_CHARS) {
      this.#omittedRegionWarnings++;
      return;
    }
    this.#regionWarnings++;
    this.#regionChars = chars;
    this.#notices.add(text);
  }

  /** Records that series of a server group are missing from the result. The caller also adds a warning. */
  missing({ name, labels }: MissingGroup): void {
    this.#missing.set(name, { name, labels });
  }

  /** The server groups whose series are missing from the result, each once. */
  get missingGroups(): readonly MissingGroup[] {
    return [...this.#missing.values()];
  }

  /** Adds a warning about the expression. */
  warn(text: string): void {
    this.#warnings.add(text);
  }

  /** Adds an info about the expression. */
  info(text: string): void {
    this.#infos.add(text);
  }

  /**
   * All notices and warnings of regions, a line that counts the omitted ones, then up to ten warnings about the expression
   * and a line that counts the omitted ones.
   */
  get warnings(): readonly string[] {
    if (this.#notices.size === 0) return printed(this.#warnings.texts, 'warning');
    const omitted = this.#omittedRegionWarnings;
    return [
      ...withoutRepeats(this.#notices, this.#warnings.texts),
      ...(omitted === 0 ? [] : [`${omitted} more warnings of regions omitted`]),
      ...printed(this.#warnings.texts, 'warning'),
    ];
  }

  /** Up to ten infos and a line that counts the omitted ones. */
  get infos(): readonly string[] {
    return printed(this.#infos.texts, 'info');
  }
}

/** Distinct texts in insertion order, up to a limit. */
class BoundedTexts {
  readonly texts = new Set<string>();
  #chars = 0;

  add(text: string): void {
    if (this.texts.size >= MAX_KEPT || this.#chars + text.length > MAX_KEPT_CHARS || this.texts.has(text))
      return;
    this.#chars += text.length;
    this.texts.add(text);
  }
}

/** Shared by all queries without annotations, which most are. */
const NONE: readonly string[] = [];

/** Source: Prometheus, util/annotations (`AsStrings`). */
function printed(texts: ReadonlySet<string>, kind: string): readonly string[] {
  const all = withoutRepeats(texts, texts);
  if (all.length <= MAX_PRINTED) return all;
  return [...all.slice(0, MAX_PRINTED), `${all.length - MAX_PRINTED} more ${kind} annotations omitted`];
}

/** Position at the end of an annotation: ` (line:column)`. */
const POSITION = / \(\d+:\d+\)$/;

/** Returns an annotation without the position at its end. */
export function withoutPosition(text: string): string {
  return text.replace(POSITION, '');
}

/**
 * Returns the texts that `others` does not repeat with a position. Annotations from regions have no position, so the
 * same annotation may come from a region and from the evaluator.
 */
function withoutRepeats(texts: ReadonlySet<string>, others: ReadonlySet<string>): readonly string[] {
  if (texts.size === 0) return NONE;
  const positioned = new Set([...others].filter((text) => POSITION.test(text)).map(withoutPosition));
  return [...texts].filter((text) => !positioned.has(text));
}
