// Anchored RE2 patterns whose capture groups are inserted into templates: `label_replace` and relabelling.

import { type ExpansionPart, parseExpansion } from './expand-template.js';
import { checkMatchWork, compileOrThrow, type SizedPattern } from './regex.js';

/** A template in Go's syntax, parsed. */
export type Expansion = readonly ExpansionPart[];

/**
 * Returns the expanded template for one match.
 *
 * @param beforeCreated called with the length of the result before it is created.
 */
export type Expand = (template: Expansion, beforeCreated?: (chars: number) => void) => string;

/** A pattern whose only group is the whole value. */
const ALL = /^\(\.\*\)$/;

/** A pattern that is anchored at both ends. `.` matches a newline too. Immutable. */
export class ExpandingPattern {
  readonly #compiled: SizedPattern;
  /** True for the default pattern of relabelling, which needs no engine. */
  readonly #matchesAll: boolean;
  readonly #names: Readonly<Record<string, number>>;

  /** @throws PromfedError `bad_data` with Go's text, when the pattern is not valid RE2; `limit` when it is too large. */
  constructor(pattern: string) {
    this.#compiled = compileOrThrow(pattern);
    this.#names = this.#compiled.pattern.namedGroups();
    this.#matchesAll = ALL.test(pattern);
  }

  /** Parses a template such as `$1-${name}`. Every text is valid. */
  static parse(template: string): Expansion {
    return parseExpansion(template);
  }

  /**
   * Matches a whole value. Groups that do not exist or did not match expand to the empty string.
   *
   * @throws PromfedError `limit` when the value is too long for the pattern.
   */
  tryMatch(value: string): Expand | undefined {
    if (this.#matchesAll)
      return (template, before) =>
        join(
          template.map((part) => expandAll(part, value)),
          before,
        );
    const { pattern, size } = this.#compiled;
    checkMatchWork(size, value);
    const match = pattern.matcher(value);
    if (!match.matches()) return undefined;
    const groupOf = (part: ExpansionPart): string => {
      if (part.kind === 'text') return part.text;
      const index = part.kind === 'index' ? part.index : this.#names[part.name];
      return index === undefined || index > match.groupCount() ? '' : (match.group(index) ?? '');
    };
    return (template, before) => join(template.map(groupOf), before);
  }
}

function join(texts: readonly string[], beforeCreated?: (chars: number) => void): string {
  beforeCreated?.(texts.reduce((sum, text) => sum + text.length, 0));
  return texts.join('');
}

/** Expands a part for a match whose group 1 is the whole value. */
function expandAll(part: ExpansionPart, value: string): string {
  if (part.kind === 'text') return part.text;
  return part.kind === 'index' && part.index <= 1 ? value : '';
}
