// Annotations: what an answer says about itself besides its data.

/** Prometheus prints at most this many annotations of each kind, then a line that counts the rest. */
const MAX_PRINTED = 10;

/** What a result that a `limit` parameter cut says. Source: Prometheus, web/api/v1/api.go. */
export const TRUNCATION_WARNING = 'results truncated due to limit';

/**
 * Warnings and infos of one query, in the order they came, each text once.
 *
 * Owned by one query; every step of it adds to the same object.
 */
export class Annotations {
  readonly #notices = new Set<string>();
  readonly #warnings = new Set<string>();
  readonly #infos = new Set<string>();

  /** A warning about the answer as a whole, a region that is missing from it above all: these are never cut. */
  notice(text: string): void {
    this.#notices.add(text);
  }

  /** A warning about the expression. */
  warn(text: string): void {
    this.#warnings.add(text);
  }

  info(text: string): void {
    this.#infos.add(text);
  }

  /** Notices first, then at most ten of the others and a line that counts the rest. */
  get warnings(): readonly string[] {
    if (this.#notices.size === 0) return printed(this.#warnings, 'warning');
    return [...unlessPlaced(this.#notices, this.#warnings), ...printed(this.#warnings, 'warning')];
  }

  get infos(): readonly string[] {
    return printed(this.#infos, 'info');
  }
}

/** What most answers have to say. */
const NONE: readonly string[] = [];

/** Source: Prometheus, util/annotations (`AsStrings`). */
function printed(texts: ReadonlySet<string>, kind: string): readonly string[] {
  const all = unlessPlaced(texts, texts);
  if (all.length <= MAX_PRINTED) return all;
  return [...all.slice(0, MAX_PRINTED), `${all.length - MAX_PRINTED} more ${kind} annotations omitted`];
}

/** A place at the end of an annotation: ` (1:23)`. */
const PLACE = / \(\d+:\d+\)$/;

/**
 * Those texts that none of `others` repeats with a place behind: regions are not told places in the query, so that what
 * they and an operator here both have to say would stand there twice.
 */
function unlessPlaced(texts: ReadonlySet<string>, others: ReadonlySet<string>): readonly string[] {
  if (texts.size === 0) return NONE;
  const placed = new Set(
    [...others].filter((text) => PLACE.test(text)).map((text) => text.replace(PLACE, '')),
  );
  return [...texts].filter((text) => !placed.has(text));
}
