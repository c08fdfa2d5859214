// Templates of alerting rules, compared with a real Prometheus: the tables, and all templates of KOF's rules.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';

import { Labels } from '../../src/model/index.js';
import { withoutRealServers } from '../helpers/real-servers/real-servers.js';
import { sharedPath, withoutShared } from '../helpers/shared.js';
import { ALL_GROUPS } from '../helpers/templates/all-cases.js';
import { type Outcome, outcomeOf, type Query, templateData } from '../helpers/templates/expand.js';
import { realExpansions, realParseErrors, type RealTemplate } from '../helpers/templates/real-expansion.js';
import { LABELS, NAME, TWO, TWO_SAMPLES } from '../helpers/templates/template-case.js';

const skip = withoutRealServers();

/** Prometheus' prefix of an annotation whose template failed. */
const FAILED = `<error expanding template: error executing template ${NAME}: `;

function outcomeOfAnnotation(text: string): Outcome {
  return text.startsWith(FAILED) ? { error: text.slice(FAILED.length, -1) } : { expected: text };
}

/** Replaces the placeholder of a query, which is within a quoted string. */
function withQueries(template: string): string {
  return template.replaceAll(TWO, TWO_SAMPLES.replaceAll('"', '\\"'));
}

t.test('templates expand as in Prometheus', { skip }, async (t) => {
  const cases = ALL_GROUPS.flatMap((group) => group.cases).map((one) => ({
    ...one,
    template: withQueries(one.template),
    labels: LABELS,
    value: one.value ?? 1.5,
  }));
  const rejected = await realParseErrors(cases);
  const valid = cases.filter((_, i) => !rejected.has(i));
  t.ok(
    rejected.size > 100 && valid.length > 500,
    `${valid.length} valid and ${rejected.size} invalid templates`,
  );
  const { version, annotations, query } = await realExpansions(t, valid);
  const isOld = isBefore(version, 3, 14);
  const problems: unknown[] = [];
  const compare = async (one: (typeof cases)[number], theirs: Outcome): Promise<void> => {
    // Functions that this Prometheus lacks.
    if (isOld && one.isNew === true) return;
    const ours = await outcomeOf(one.template, { data: templateData({ value: one.value }), query });
    if (JSON.stringify(ours) !== JSON.stringify(theirs))
      problems.push({ template: one.template, ours, theirs });
  };
  for (const [i, parseError] of rejected) await compare(cases[i]!, { parseError });
  for (const [i, one] of valid.entries()) await compare(one, outcomeOfAnnotation(annotations[i]!));
  t.strictSame(problems, []);
});

t.test(
  'templates of KOF expand as in Prometheus',
  { skip: skip || withoutShared('kof/rules') },
  async (t) => {
    const labels = Object.fromEntries(KOF_LABELS.map((name) => [name, `${name}-1`]));
    const templates: RealTemplate[] = kofTemplates().flatMap((template) =>
      [0.87654, 12345.678].map((value) => ({ template, labels, value })),
    );
    t.ok(templates.length > 100, `${templates.length} templates`);
    const { annotations, query } = await realExpansions(t, templates);
    const problems = await differences(templates, annotations, query);
    t.strictSame(problems, []);
  },
);

async function differences(
  templates: readonly RealTemplate[],
  annotations: readonly string[],
  query: Query,
): Promise<unknown[]> {
  const problems: unknown[] = [];
  for (const [i, { template, labels, value }] of templates.entries()) {
    const data = templateData({ labels: Labels.from(labels), value });
    const ours = await outcomeOf(template, { data, query });
    const theirs = outcomeOfAnnotation(annotations[i]!);
    if (JSON.stringify(ours) !== JSON.stringify(theirs)) problems.push({ template, ours, theirs });
  }
  return problems;
}

/** Labels that most of KOF's templates use. */
const KOF_LABELS = [
  'cluster',
  'namespace',
  'pod',
  'container',
  'name',
  'job',
  'instance',
  'service',
  'resource',
];

interface RuleFile {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert?: string;
      readonly labels?: Record<string, string>;
      readonly annotations?: Record<string, string>;
    }[];
  }[];
}

/** All different labels and annotations of KOF's alerting rules. */
function kofTemplates(): string[] {
  const folder = sharedPath('kof/rules');
  const files = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name));
  const rules = files.flatMap((name) => {
    const { groups } = parse(readFileSync(join(folder, name), 'utf8')) as RuleFile;
    return groups.flatMap((group) => group.rules).filter(({ alert }) => alert !== undefined);
  });
  const texts = rules.flatMap(({ labels = {}, annotations = {} }) => [
    ...Object.values(labels),
    ...Object.values(annotations),
  ]);
  return [...new Set(texts.map(String))];
}

/** Reports whether a version such as `3.5.3+ds1` is before another one. */
function isBefore(version: string, major: number, minor: number): boolean {
  const [ourMajor = 0, ourMinor = 0] = version.split('.').map((part) => parseInt(part, 10));
  return ourMajor < major || (ourMajor === major && ourMinor < minor);
}
