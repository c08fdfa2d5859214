// Anchored RE2 patterns whose capture groups are inserted into templates: `label_replace` and relabelling.

import type { RE2JS } from 're2js';

import { type ExpansionPart, parseExpansion } from './expand-template.js';
import { compileOrThrow } from './regex.js';

/** A template in Go's syntax, parsed. */
export type Expansion = readonly ExpansionPart[];

/** Returns the expanded template for one match. */
export type Expand = (template: Expansion) => string;

/** A pattern that is anchored at both ends. `.` matches a newline too. Immutable. */
export class ExpandingPattern {
  readonly #pattern: RE2JS;
  readonly #names: Readonly<Record<string, number>>;

  /** @throws PromfedError `bad_data` with Go's text, when the pattern is not valid RE2. */
  constructor(pattern: string) {
    this.#pattern = compileOrThrow(pattern);
    this.#names = this.#pattern.namedGroups();
  }

  /** Parses a template such as `$1-${name}`. Every text is valid. */
  static parse(template: string): Expansion {
    return parseExpansion(template);
  }

  /** Matches a whole value. Groups that do not exist or did not match expand to the empty string. */
  tryMatch(value: string): Expand | undefined {
    const match = this.#pattern.matcher(value);
    if (!match.matches()) return undefined;
    const groupOf = (part: ExpansionPart): string => {
      if (part.kind === 'text') return part.text;
      const index = part.kind === 'index' ? part.index : this.#names[part.name];
      return index === undefined || index > match.groupCount() ? '' : (match.group(index) ?? '');
    };
    return (template) => template.map(groupOf).join('');
  }
}
