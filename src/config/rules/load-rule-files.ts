// Loads the rule files of a configuration.

import { isAbsolute, join } from 'node:path';

import { appendAll, compareStrings } from '../../model/index.js';
import { type FileText, readTextFile } from '../../runtime/index.js';
import type { Problem } from '../config-error.js';
import { MAX_FILE_BYTES } from '../file/yaml-document.js';
import { quote } from '../text/quote.js';
import { globFiles } from './glob.js';
import { parseRuleFile, type RuleDefaults, type RuleLanguages } from './parse-rule-file.js';
import type { RuleGroupSettings } from './rule-settings.js';

/** Upper bound on the rule files of a configuration. */
const MAX_FILES = 10_000;
/** Upper bound on the characters of all rule files together. */
const MAX_CHARS = 64 * 1024 * 1024;
/** Upper bound on the rules of a configuration. */
const MAX_RULES = 100_000;

/** Access to the file system. */
export interface RuleFileSystem {
  /** Returns the paths that match a pattern. */
  readonly glob: (pattern: string) => readonly string[];
  readonly read: (path: string) => FileText;
}

export const ruleFileSystem: RuleFileSystem = { glob: globFiles, read: readRuleFile };

/** For commands that do not use the rules of a configuration. */
export const NO_RULE_FILES: RuleFileSystem = { glob: () => [], read: readRuleFile };

/** Reads a rule file of up to 4 MiB. */
export function readRuleFile(path: string): FileText {
  return readTextFile(path, MAX_FILE_BYTES);
}

export interface LoadOptions extends RuleLanguages {
  /** The directory that relative patterns start at. */
  readonly directory: string;
  readonly defaults: RuleDefaults;
  /** False when recording rules have no destination. Each of them is then a problem. */
  readonly canRecord: boolean;
  readonly files: RuleFileSystem;
}

export interface LoadedRules {
  /** Sorted by file; those of one file in its order. */
  readonly groups: readonly RuleGroupSettings[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/**
 * Loads the files that match the patterns of `rule_files`. A file that matches several patterns is read once. A pattern
 * without a match is valid; an unreadable file is a problem.
 */
export function loadRuleFiles(patterns: readonly string[], options: LoadOptions): LoadedRules {
  const { directory, files } = options;
  const paths = new Set<string>();
  for (const pattern of patterns) {
    for (const path of files.glob(isAbsolute(pattern) ? pattern : join(directory, pattern))) paths.add(path);
  }
  const groups: RuleGroupSettings[] = [];
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const fail = (text: string, file?: string): LoadedRules => {
    problems.push({ file, position: undefined, text });
    return { groups, problems, warnings };
  };
  if (paths.size > MAX_FILES)
    return fail(`rule_files: ${paths.size} files match; at most ${MAX_FILES} are allowed`);

  let chars = 0;
  let rules = 0;
  for (const file of [...paths].sort(compareStrings)) {
    const read = files.read(file);
    if ('problem' in read) {
      problems.push({ file, position: undefined, text: `cannot load the rule file: ${read.problem}` });
      continue;
    }
    chars += read.text.length;
    if (chars > MAX_CHARS) return fail(`rule files are larger than ${MAX_CHARS} characters together`, file);
    const parsed = parseRuleFile(read.text, file, options.defaults, options);
    appendAll(groups, parsed.groups);
    appendAll(problems, parsed.problems);
    appendAll(warnings, parsed.warnings);
    appendAll(warnings, parsed.duplicates);
    for (const [i, group] of parsed.groups.entries()) {
      rules += group.rules.length;
      if (options.canRecord || parsed.problems.length > 0) continue;
      for (const [j, rule] of group.rules.entries()) {
        if (rule.kind !== 'recording') continue;
        const text =
          `group ${quote(group.name)}, rule ${j + 1}, ${quote(rule.name)}: recording rule without a destination; ` +
          'configure remote_write';
        problems.push({ file, position: parsed.positionOf(i, j), text });
      }
    }
    if (rules > MAX_RULES) return fail(`too many rules: at most ${MAX_RULES} are allowed`, file);
  }
  return { groups, problems, warnings };
}
