// Access to a section of the file while its settings are created.

import type { ReadText } from '../../runtime/index.js';
import type { Path } from '../file/schema-walk.js';

/** A section, such as one server group or its `http_client`. */
export interface Section {
  /** Reads a file that the section refers to. */
  readonly readText: ReadText;
  /** Reports a problem of the value at a path below the section. */
  readonly problem: (path: Path, text: string) => void;
}

/** The section of one server group. */
export interface GroupSection extends Section {
  /** Reports a warning about the value at a path below the group. */
  readonly warn: (path: Path, text: string) => void;
  /** Returns the entries of a mapping in the order of the file. */
  readonly entriesOf: <T>(map: Readonly<Record<string, T>>) => [key: string, value: T][];
}
