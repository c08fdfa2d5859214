// Annotations: what an answer says about itself besides its data.

/** Prometheus prints at most this many of each kind, then a line that counts the rest. */
const MAX_PRINTED = 10;

/** What a result that a `limit` parameter cut says. Source: Prometheus, web/api/v1/api.go. */
export const TRUNCATED = 'results truncated due to limit';

/**
 * Warnings and infos of one query, in the order they came, each text once.
 *
 * Owned by one query; every step of it adds to the same object.
 */
export class Annotations {
  readonly #warnings = new Set<string>();
  readonly #infos = new Set<string>();

  warn(text: string): void {
    this.#warnings.add(text);
  }

  info(text: string): void {
    this.#infos.add(text);
  }

  get warnings(): string[] {
    return printed(this.#warnings, 'warning');
  }

  get infos(): string[] {
    return printed(this.#infos, 'info');
  }
}

/** Source: Prometheus, util/annotations (`AsStrings`). */
function printed(texts: ReadonlySet<string>, kind: string): string[] {
  const all = [...texts];
  if (all.length <= MAX_PRINTED) return all;
  return [...all.slice(0, MAX_PRINTED), `${all.length - MAX_PRINTED} more ${kind} annotations omitted`];
}
