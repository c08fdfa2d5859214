// Random relabelling rules, applied by a real Prometheus and by promfed.

import t from 'tap';

import { DEFAULT_RELABEL, Labels, Relabeler, type RelabelSettings } from '../../src/model/index.js';
import { randomRuns, randomSeed } from '../helpers/random-runs.js';
import { startPrometheus, withoutRealServers } from '../helpers/real-servers/real-servers.js';
import { tryReload } from '../helpers/real-servers/try-reload.js';
import { random } from '../helpers/series/series-set.js';
import { until } from '../helpers/until.js';

const skip = withoutRealServers();

const NAMES = ['a', 'b', 'b1', 'b2', 'größe.x', 'Ab_c', 'job'];
const VALUES = [
  '',
  'x',
  'foo',
  'foo-bar',
  'FOO',
  'a.b.c:9090',
  'straße',
  'ΟΔΟΣ',
  '日本',
  'x;y',
  '$1',
  'a\nb',
];
const REGEXES = [
  '(.*)',
  '.+',
  '',
  'f.*',
  '(f)(o*)(-.*)?',
  '([^.:]*).*',
  '(?P<first>.)(?P<rest>.*)',
  '(?i)foo',
  '.;.',
  '[a-z]+',
];
const REPLACEMENTS = [
  '$1',
  '${1}x',
  '$1x',
  '$first-$rest',
  '',
  'const',
  '$$1',
  '${2}${1}',
  '$3',
  '$0',
  '${first',
  '$',
];
const TARGETS = ['a', 'n', 'größe.y', '${1}', 'pre_$1', '$first', 'x-$2'];
/** Map no two labels to one name: the order of labels is random in Prometheus' discovery. */
const MAP_REGEXES = ['b(.*)', 'größe\\.(.*)', '([a-zA-Z].*)', 'none'];
const NAME_REGEXES = ['b(.*)', '([a-b]).*', 'größe\\.(.*)', '[a-zA-Z].*', 'none'];

/** A rule that is valid in Prometheus and leaves the labels alone that scraping needs. */
function randomRule(next: () => number): Partial<RelabelSettings> {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)]!;
  const sourceLabels = Array.from({ length: Math.floor(next() * 3) }, () => pick(NAMES));
  const regex = pick(REGEXES);
  const separator = pick([';', '', '--']);
  const plainTarget = pick(['a', 'n', 'größe.y']);
  switch (pick(['replace', 'replace', 'replace', 'keep', 'drop', 'equal', 'hash', 'map', 'names', 'case'])) {
    case 'keep':
      return { action: 'keep', sourceLabels, separator, regex };
    case 'drop':
      return { action: 'drop', sourceLabels, separator, regex };
    case 'equal':
      return { action: pick(['keepequal', 'dropequal']), sourceLabels, targetLabel: plainTarget };
    case 'hash':
      return {
        action: 'hashmod',
        sourceLabels,
        separator,
        targetLabel: plainTarget,
        modulus: pick([1, 7, 1000, 2 ** 40]),
      };
    case 'map':
      return { action: 'labelmap', regex: pick(MAP_REGEXES), replacement: pick(['m_$1', 'x$1', '${1}y']) };
    case 'names':
      return next() < 0.5
        ? { action: 'labeldrop', regex: pick(NAME_REGEXES) }
        : { action: 'labelkeep', regex: `__.*|${pick(NAME_REGEXES)}` };
    case 'case':
      return { action: pick(['lowercase', 'uppercase']), sourceLabels, separator, targetLabel: plainTarget };
    default:
      return {
        action: 'replace',
        sourceLabels,
        separator,
        regex,
        targetLabel: pick(TARGETS),
        replacement: pick(REPLACEMENTS),
      };
  }
}

interface ApiTarget {
  readonly discoveredLabels: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

t.test('random relabelling rules have the results of Prometheus', { skip }, async (t) => {
  const seed = randomSeed(7);
  const next = random(String(seed));
  const server = await startPrometheus(t);
  const jobs = Array.from({ length: randomRuns(600) }, (_, i) => {
    const labels = NAMES.filter((name) => name !== 'job' && next() < 0.7).map(
      (name) => [name, VALUES[Math.floor(next() * VALUES.length)]!] as const,
    );
    const rules = Array.from({ length: 1 + Math.floor(next() * 3) }, () => ({
      ...DEFAULT_RELABEL,
      ...randomRule(next),
    }));
    return { name: `job${i}`, labels: Object.fromEntries(labels), rules };
  });
  const config = JSON.stringify({
    global: { scrape_interval: '1h', scrape_timeout: '1s' },
    scrape_configs: jobs.map(({ name, labels, rules }) => ({
      job_name: name,
      static_configs: [{ targets: ['127.0.0.1:1'], labels }],
      relabel_configs: rules.map((rule) => ({
        action: rule.action,
        ...(rule.sourceLabels.length > 0 && { source_labels: rule.sourceLabels }),
        ...(rule.separator !== ';' && { separator: rule.separator }),
        // Prometheus compares whether the regex has been set.
        ...(rule.regex !== '(.*)' && { regex: rule.regex }),
        ...(rule.modulus !== 0 && { modulus: rule.modulus }),
        ...(rule.targetLabel !== '' && { target_label: rule.targetLabel }),
        ...(rule.replacement !== '$1' && { replacement: rule.replacement }),
      })),
    })),
  });
  t.equal(await tryReload(server, config), undefined);

  const found = new Map<string, ApiTarget>();
  await until(async () => {
    const response = await fetch(`${server.url}/api/v1/targets?state=any`);
    const { data } = (await response.json()) as {
      data: { activeTargets: ApiTarget[]; droppedTargets: ApiTarget[] };
    };
    for (const target of data.activeTargets) found.set(target.discoveredLabels['job']!, target);
    for (const { discoveredLabels } of data.droppedTargets) {
      found.set(discoveredLabels['job']!, { discoveredLabels });
    }
    return found.size === jobs.length;
  }, 'all targets');

  let dropped = 0;
  for (const { name, rules } of jobs) {
    const { discoveredLabels, labels } = found.get(name)!;
    const result = new Relabeler(rules).tryRelabel(Labels.from(discoveredLabels));
    const shown =
      result &&
      Object.fromEntries([
        ['instance', discoveredLabels['__address__']!],
        ...[...result].filter(([label]) => !label.startsWith('__')),
      ]);
    if (shown === undefined) dropped++;
    t.same(shown, labels, `seed ${seed}: ${JSON.stringify({ rules, discoveredLabels })}`);
  }
  t.ok(dropped > 0 && dropped < jobs.length / 2, `${dropped} dropped`);
});
