// Access to the sections of a decoded configuration file: their values, and reports about them by path.

import type { ReadText } from '../runtime/index.js';
import type { Problem } from './config-error.js';
import type { PathProblem } from './file/check.js';
import type { Decoded } from './file/decode.js';
import { type Path, printPath } from './file/schema-walk.js';

/** Reports a problem or a warning about the value at a path below a section. */
type Report = (path: Path, text: string) => void;

/** One section of the file. Paths are relative to it. */
export interface Section {
  readonly readText: ReadText;
  readonly problem: Report;
  readonly warn: Report;
  /** Returns the entries of a mapping in the order of the file. */
  readonly entriesOf: <T>(map: Readonly<Record<string, T>>) => [key: string, value: T][];
}

/** Collects the problems and warnings of a file while its sections are read. */
export class SectionReader {
  readonly #decoded: Decoded;
  readonly #shapeProblems: readonly PathProblem[];
  readonly #readText: ReadText;
  readonly #problems: Problem[];
  readonly #warnings: Problem[];

  /** `problems` and `warnings` receive the reports. */
  constructor(
    decoded: Decoded,
    shapeProblems: readonly PathProblem[],
    readText: ReadText,
    problems: Problem[],
    warnings: Problem[],
  ) {
    this.#decoded = decoded;
    this.#shapeProblems = shapeProblems;
    this.#readText = readText;
    this.#problems = problems;
    this.#warnings = warnings;
  }

  /**
   * Reports whether the value at the path exists and has the shape of the schema. Invalid parts are left out, so that
   * one run reports all problems of a file.
   */
  hasShape(path: Path): boolean {
    let value = this.#decoded.value;
    for (const step of path) {
      if (typeof value !== 'object' || value === null) return false;
      value = (value as Record<string, unknown>)[step];
    }
    if (value === undefined) return false;
    return !this.#shapeProblems.some(
      (problem) =>
        problem.path.length >= path.length &&
        path.every((step, i) => String(step) === String(problem.path[i])),
    );
  }

  section(base: Path): Section {
    const reportTo =
      (list: Problem[]): Report =>
      (path, text) => {
        const whole = [...base, ...path];
        list.push({
          position: this.#decoded.positionOf(whole, 'key'),
          text: `${printPath(whole)}: ${text}`,
        });
      };
    return {
      readText: this.#readText,
      problem: reportTo(this.#problems),
      warn: reportTo(this.#warnings),
      entriesOf: (map) => this.#decoded.entriesOf(map),
    };
  }
}

/** A section below another one. */
export function subsection(section: Section, base: Path): Section {
  return {
    ...section,
    problem: (path, text) => {
      section.problem([...base, ...path], text);
    },
    warn: (path, text) => {
      section.warn([...base, ...path], text);
    },
  };
}
