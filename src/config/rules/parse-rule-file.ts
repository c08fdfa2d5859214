// Parses one rule file: text to settings, or to the list of its problems.

import { compareStrings, PromfedError } from '../../model/index.js';
import { type FeatureSet, ParseError, parseExpr } from '../../promql/language/index.js';
import { ConfigError, type FilePosition, type Problem } from '../config-error.js';
import { createShapeCheck, type PathProblem } from '../file/check.js';
import { type Decoded, decode } from '../file/decode.js';
import type { RuleFileRule, RuleGroupFile } from '../file/schema/rule-file.js';
import { ruleFileSchema } from '../file/schema/rule-file.js';
import type { Path, SchemaNode } from '../file/schema-walk.js';
import { parseYaml } from '../file/yaml-document.js';
import { parseConfigDuration } from '../text/parse-duration.js';
import { quote } from '../text/quote.js';
import { duplicateRules } from './duplicate-rules.js';
import type { PartialResponseStrategy, RuleGroupSettings, RuleSettings } from './rule-settings.js';
import { ValidParts } from './valid-parts.js';

/** Values of keys that a group does not set. */
export interface RuleDefaults {
  readonly intervalMs: number;
  readonly queryOffsetMs: number;
  readonly partialResponse: PartialResponseStrategy | undefined;
}

/** Checks the syntax of a template. @throws PromfedError `bad_data` */
export type CheckTemplate = (text: string, name: string) => void;

export interface RuleLanguages {
  /** Experimental constructs of PromQL that are accepted. */
  readonly features: FeatureSet;
  readonly checkTemplate: CheckTemplate;
  /** True to accept keys that rule files do not have. Default false. */
  readonly ignoresUnknownKeys?: boolean;
}

export interface ParsedRuleFile {
  /** In the order of the file. Incomplete when there are problems. */
  readonly groups: readonly RuleGroupSettings[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** Warnings about rules with the name and labels of an earlier one. Empty when there are problems. */
  readonly duplicates: readonly Problem[];
  /** The position of a rule, for problems that are found later. */
  readonly positionOf: (group: number, rule: number) => Problem['position'];
  /** The position of a byte of the expression of a rule. */
  readonly positionInExpr: (group: number, rule: number, byteOffset: number) => Problem['position'];
}

const checkShape = createShapeCheck(ruleFileSchema);

/**
 * Parses a rule file. Never throws: all problems are returned.
 *
 * Source: Prometheus, model/rulefmt/rulefmt.go, including the texts of its errors.
 */
export function parseRuleFile(
  text: string,
  file: string,
  defaults: RuleDefaults,
  languages: RuleLanguages,
): ParsedRuleFile {
  try {
    const document = parseYaml(text, file, { allowsSeveral: true });
    const decoded = decode(document, ruleFileSchema as SchemaNode);
    const parser = new RuleFileParser(file, decoded, defaults, languages);
    const parsed = parser.parse();
    if (document.second === undefined) return parsed;
    const position = document.second;
    return {
      ...parsed,
      warnings: [
        { file, position, text: 'only the first document of a rule file is read' },
        ...parsed.warnings,
      ],
    };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const problems = error.problems.map((problem) => ({ ...problem, file }));
    return {
      groups: [],
      problems,
      warnings: [],
      duplicates: [],
      positionOf: nowhere,
      positionInExpr: nowhere,
    };
  }
}

function nowhere(): undefined {
  return undefined;
}

class RuleFileParser {
  readonly #file: string;
  readonly #decoded: Decoded;
  readonly #defaults: RuleDefaults;
  readonly #languages: RuleLanguages;
  readonly #problems: Problem[] = [];
  readonly #shapeProblems: readonly PathProblem[];
  readonly #valid: ValidParts;

  constructor(file: string, decoded: Decoded, defaults: RuleDefaults, languages: RuleLanguages) {
    this.#file = file;
    this.#decoded = decoded;
    this.#defaults = defaults;
    this.#languages = languages;
    this.#shapeProblems = checkShape(decoded).filter(
      ({ isUnknownKey }) => isUnknownKey !== true || languages.ignoresUnknownKeys !== true,
    );
    this.#valid = new ValidParts(this.#shapeProblems);
  }

  parse(): ParsedRuleFile {
    for (const { position, text } of [...this.#decoded.problems, ...this.#shapeProblems]) {
      this.#problems.push({ file: this.#file, position, text });
    }
    const { groups } = this.#decoded.value as { readonly groups?: unknown };
    const valid = this.#decoded.truncated ? [] : this.#valid.of(groups ?? [], ['groups']);
    const settings = Array.isArray(valid)
      ? (valid as (RuleGroupFile | undefined)[]).flatMap((group, i) =>
          group === undefined ? [] : [this.#groupOf(group, i)],
        )
      : [];
    if (Array.isArray(groups)) this.#checkGroupNames(groups);
    const positionOf = (group: number, rule: number): FilePosition =>
      this.#decoded.positionOf(['groups', group, 'rules', rule]);
    return {
      groups: settings,
      problems: this.#problems,
      warnings: [],
      duplicates:
        this.#problems.length === 0
          ? duplicateRules(settings, positionOf).map((warning) => ({ ...warning, file: this.#file }))
          : [],
      positionOf,
      positionInExpr: (group, rule, byteOffset) => {
        const expr = settings[group]?.rules[rule]?.expr ?? '';
        const path = ['groups', group, 'rules', rule, 'expr'];
        return this.#decoded.positionInText(path, utf16Offset(expr, byteOffset));
      },
    };
  }

  /** The groups may have problems of shape. */
  #checkGroupNames(groups: readonly unknown[]): void {
    const names = new Set<string>();
    for (const [i, group] of groups.entries()) {
      if (typeof group !== 'object' || group === null || Array.isArray(group)) continue;
      const { name = '' } = group as { readonly name?: unknown };
      if (typeof name !== 'string') continue;
      if (name === '') this.#problem(['groups', i], 'Groupname must not be empty');
      else if (names.has(name)) {
        this.#problem(['groups', i, 'name'], `groupname: "${name}" is repeated in the same file`);
      }
      names.add(name);
    }
  }

  #groupOf(group: RuleGroupFile, i: number): RuleGroupSettings {
    const { intervalMs, queryOffsetMs, partialResponse } = this.#defaults;
    const ownIntervalMs = Math.ceil(parseConfigDuration(group.interval ?? '0'));
    return {
      name: group.name ?? '',
      file: this.#file,
      // Zero means the default. Source: Prometheus, rules/manager.go (`LoadGroups`).
      intervalMs: ownIntervalMs === 0 ? intervalMs : ownIntervalMs,
      limit: Math.max(0, group.limit ?? 0),
      queryOffsetMs:
        group.query_offset === undefined ? queryOffsetMs : Math.ceil(parseConfigDuration(group.query_offset)),
      partialResponse:
        group.partial_response_strategy === undefined
          ? partialResponse
          : partialResponseOf(group.partial_response_strategy),
      rules: ((group.rules ?? []) as (RuleFileRule | undefined)[]).flatMap((rule, j) =>
        rule === undefined ? [] : [this.#ruleOf(group, rule, ['groups', i, 'rules', j])],
      ),
    };
  }

  #ruleOf(group: RuleGroupFile, rule: RuleFileRule, path: Path): RuleSettings {
    const { record = '', alert = '', expr = '' } = rule;
    const prefix = `group ${quote(group.name ?? '')}, rule ${Number(path[3]) + 1}, ${quote(alert || record)}: `;
    const problem = (at: Path, text: string): void => {
      this.#problem([...path, ...at], prefix + text);
    };
    const hasInvalid = (key: string): boolean => this.#valid.isInvalid([...path, key]);
    if (record !== '' && alert !== '') {
      problem(['record'], "only one of 'record' and 'alert' must be set");
    } else if (record === '' && alert === '' && !hasInvalid('record') && !hasInvalid('alert')) {
      problem([], "one of 'record' or 'alert' must be set");
    }
    if (!hasInvalid('expr')) this.#checkExpr(expr, [...path, 'expr'], prefix);
    const labels = pairsOf(group.labels, rule.labels);
    if (alert === '') {
      if (record !== '') checkRecording(rule, problem);
      return { kind: 'recording', name: record, expr, labels };
    }
    const annotations = pairsOf(rule.annotations);
    const templates = [
      ...pairsOf(group.labels).map((pair) => ['label', ['groups', Number(path[1]), 'labels'], pair] as const),
      ...pairsOf(rule.labels).map((pair) => ['label', [...path, 'labels'], pair] as const),
      ...annotations.map((pair) => ['annotation', [...path, 'annotations'], pair] as const),
    ];
    for (const [kind, at, [name, template]] of templates) {
      const error = this.#templateError(template, `__alert_${alert}`);
      if (error !== undefined) {
        this.#problem([...at, name], `${prefix}${kind} ${quote(name)}: ${error}`, 'value');
      }
    }
    return {
      kind: 'alerting',
      name: alert,
      expr,
      forMs: Math.ceil(parseConfigDuration(rule.for ?? '0')),
      keepFiringForMs: Math.ceil(parseConfigDuration(rule.keep_firing_for ?? '0')),
      labels,
      annotations,
    };
  }

  #checkExpr(expr: string, path: Path, prefix: string): void {
    if (expr === '') {
      this.#problem(path, `${prefix}field 'expr' must be set in rule`);
      return;
    }
    try {
      parseExpr(expr, { features: this.#languages.features });
    } catch (error) {
      if (!(error instanceof PromfedError)) throw error;
      // The position of the error is that of the file, not of the expression.
      const reason = error.message.replace(/^(?:\d+:\d+|unknown position|invalid position): /, '');
      const position =
        error instanceof ParseError
          ? this.#decoded.positionInText(path, utf16Offset(expr, error.position.start))
          : this.#decoded.positionOf(path);
      this.#problems.push({
        file: this.#file,
        position,
        text: `${prefix}could not parse expression: ${reason}`,
      });
    }
  }

  #templateError(text: string, name: string): string | undefined {
    try {
      this.#languages.checkTemplate(text, name);
      return undefined;
    } catch (error) {
      if (error instanceof PromfedError) return error.message;
      throw error;
    }
  }

  #problem(path: Path, text: string, part: 'key' | 'value' = 'key'): void {
    this.#problems.push({ file: this.#file, position: this.#decoded.positionOf(path, part), text });
  }
}

function checkRecording(rule: RuleFileRule, problem: (at: Path, text: string) => void): void {
  const { record = '', annotations = {} } = rule;
  if (Object.keys(annotations).length > 0) {
    problem(['annotations'], "invalid field 'annotations' in recording rule");
  }
  for (const key of ['for', 'keep_firing_for'] as const) {
    if (parseConfigDuration(rule[key] ?? '0') !== 0) {
      problem([key], `invalid field '${key}' in recording rule`);
    }
  }
  if (/[{}]/.test(record)) {
    problem(
      ['record'],
      `braces present in the recording rule name; should it be in expr?: ${record.slice(0, 200)}`,
    );
  }
}

/** Accepts any case. */
export function partialResponseOf(text: string): PartialResponseStrategy {
  return text.toLowerCase() as PartialResponseStrategy;
}

/** Merges mappings; the last one wins. Sorted by name. */
function pairsOf(...maps: (Readonly<Record<string, string>> | undefined)[]): [string, string][] {
  const merged = new Map(maps.flatMap((map) => Object.entries(map ?? {})));
  return [...merged].sort(([a], [b]) => compareStrings(a, b));
}

function utf16Offset(text: string, byteOffset: number): number {
  return Buffer.from(text, 'utf8').subarray(0, byteOffset).toString('utf8').length;
}
