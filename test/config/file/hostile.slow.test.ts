// Hostile files: the result is a ConfigError in bounded time.

import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import t from 'tap';

import { parseConfig } from '../../../src/config/index.js';
import { cpuTimeMs } from '../../helpers/cpu-time.js';
import { ConfigError } from '../../../src/config/config-error.js';

/** CPU time far above the slowest case, and far below any time that is not linear. */
const MAX_MS = 15_000;

function errorOf(yaml: string): string {
  try {
    parseConfig(yaml, 'c.yaml');
    return 'accepted';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

const SIZE = 40_000;

t.test('files that exhaust a naive parser are rejected in time', async (t) => {
  const bomb = ['a: &a0 [x,x,x,x,x,x,x,x,x,x]'];
  for (let i = 1; i <= 12; i++) bomb.push(`a${i}: &a${i} [${`*a${i - 1},`.repeat(10)}]`);
  const mergeBomb = ['a0: &a0 {x: 1}'];
  for (let i = 1; i <= 40; i++) mergeBomb.push(`a${i}: &a${i} {<<: [*a${i - 1}, *a${i - 1}]}`);
  // A duplicate key is not decoded, so only the last line decodes the whole chain.
  const chain = ['a: &a0 [x]'];
  for (let i = 1; i <= 15_000; i++) chain.push(`a: &a${i} [*a${i - 1}]`);
  chain.push('b: *a15000');
  const mergeChain = chain.map((line) =>
    line.replace('[*', '{<<: *').replace(']', '}').replace('[x', '{x: 1'),
  );
  const indents = Array.from({ length: 800 }, (_, i) => `${' '.repeat(i)}a:`).join('\n');

  const cases: { name: string; yaml: string; expected: RegExp }[] = [
    {
      name: 'an alias bomb',
      yaml: bomb.join('\n'),
      expected: /too many values: at most 250000 are allowed, aliases counted/,
    },
    { name: 'an alias bomb of merges', yaml: mergeBomb.join('\n'), expected: /at most 250000 are allowed/ },
    {
      name: 'many keys',
      yaml: Array.from({ length: 10_000 }, (_, i) => `k${i}:`).join('\n'),
      expected: /unknown key "k0"/,
    },
    {
      name: 'one key many times',
      yaml: 'a: 1\n'.repeat(10_000),
      expected: /duplicate key.*\n[^]*more problems/,
    },
    { name: 'many values', yaml: `a: [${'1,'.repeat(130_000)}]`, expected: /at most 250000 are allowed/ },
    {
      name: 'nested brackets',
      yaml: '['.repeat(SIZE),
      expected: /nested too deeply: at most 64 levels|at most 250000/,
    },
    {
      name: 'nested mappings',
      yaml: '{a: '.repeat(SIZE / 4),
      expected: /nested too deeply: at most 64 levels/,
    },
    { name: 'nested lists', yaml: '- '.repeat(SIZE / 2), expected: /nested too deeply: at most 64 levels/ },
    { name: 'nested keys', yaml: '? '.repeat(SIZE / 2), expected: /nested too deeply: at most 64 levels/ },
    { name: 'nested by indentation', yaml: indents, expected: /nested too deeply: at most 64 levels/ },
    { name: 'stray commas', yaml: `[${','.repeat(SIZE)}]`, expected: /^c\.yaml:1:/ },
    { name: 'stray brackets', yaml: ']'.repeat(SIZE), expected: /unexpected token/ },
    { name: 'many documents', yaml: '---\n'.repeat(SIZE / 4), expected: /./ },
    { name: 'many comments', yaml: '#\n'.repeat(SIZE / 2), expected: /accepted/ },
    { name: 'empty lines', yaml: '\n'.repeat(SIZE), expected: /accepted/ },
    { name: 'a long word', yaml: 'x'.repeat(SIZE), expected: /must be a mapping; got a string/ },
    { name: 'a long key', yaml: `${'x'.repeat(1000)}: 1`, expected: /unknown key "x{100}…"/ },
    { name: 'a longer key', yaml: `${'x'.repeat(SIZE)}: 1`, expected: /longer than 1024 characters/ },
    {
      name: 'many anchors',
      yaml: `a: [${Array.from({ length: 5_000 }, (_, i) => `&a${i} x`).join()}]`,
      expected: /unknown key "a"/,
    },
    { name: 'tabs', yaml: '\ta: b\n'.repeat(SIZE / 6), expected: /./ },
    { name: 'directives', yaml: '%x\n'.repeat(5_000), expected: /./ },
    { name: 'NUL bytes', yaml: '\0'.repeat(1000), expected: /./ },
    {
      name: 'a big number',
      yaml: `global: {evaluation_interval: ${'9'.repeat(SIZE)}}`,
      expected: /duration/,
    },
    {
      name: 'a huge duration',
      yaml: `global: {evaluation_interval: ${'1h'.repeat(SIZE / 2)}}`,
      expected: /duration/,
    },
    { name: 'a big file', yaml: '#'.repeat(4 * 1024 * 1024 + 1), expected: /larger than 4 MiB/ },
    {
      name: 'a chain of aliases',
      yaml: chain.join('\n'),
      expected: /more problems/,
    },
    {
      name: 'a chain of merges',
      yaml: mergeChain.join('\n'),
      expected: /more problems/,
    },
    {
      name: 'a short chain of aliases',
      yaml: [...chain.slice(0, 80), 'b: *a79'].map((line, i) => line.replace(/^a:/, `k${i}:`)).join('\n'),
      expected: /values are nested too deeply: at most 64 levels are allowed, aliases counted/,
    },
    {
      name: 'a prototype',
      yaml: '__proto__: {polluted: 1}\nconstructor: {prototype: {polluted: 1}}\n',
      expected: /unknown key "__proto__"[^]*unknown key "constructor"/,
    },
    {
      name: 'the name of a method',
      yaml: 'promxy: {toString: 1, hasOwnProperty: 2}',
      expected: /unknown key "toString"/,
    },
  ];
  for (const { name, yaml, expected } of cases) {
    const tookMs = cpuTimeMs(() => {
      t.match(errorOf(yaml), expected, name);
    });
    t.ok(tookMs < MAX_MS, `${name}: ${Math.round(tookMs)} ms`);
  }
  t.equal(({} as { polluted?: number }).polluted, undefined);
});

t.test('a large valid file is loaded in time', async (t) => {
  const groups = Array.from(
    { length: 1000 },
    (_, i) =>
      `    - {static_configs: [{targets: ["region-${i}:9090"]}], labels: {region: r${i}, kind: k${i % 7}}}`,
  );
  const tookMs = cpuTimeMs(() => {
    const { settings, warnings } = parseConfig(`promxy:\n  server_groups:\n${groups.join('\n')}\n`, 'c.yaml');
    t.equal(settings.serverGroups.length, 1000);
    t.same(warnings, []);
  });
  t.ok(tookMs < MAX_MS, `${tookMs} ms`);
});

t.test('groups with the same default name get unique names in time', async (t) => {
  const group = '{static_configs: [{targets: [a]}]}';
  const yaml = `promxy: {server_groups: [${Array(5000).fill(group).join(',')}]}`;
  const tookMs = cpuTimeMs(() => {
    const { settings } = parseConfig(yaml, 'c.yaml');
    t.equal(new Set(settings.serverGroups.map(({ name }) => name)).size, 5000);
  });
  t.ok(tookMs < MAX_MS, `${tookMs} ms`);
});

const VALID = readFileSync(resolve('test/testdata/config/kof-regional.yaml'), 'utf8');

/** Text that a mutation inserts. */
const fragment = fc.oneof(
  fc.constantFrom(
    '\n',
    ' ',
    '\t',
    ':',
    ': ',
    '- ',
    '#',
    '"',
    "'",
    '[',
    ']',
    '{',
    '}',
    ',',
    '&a ',
    '*a',
    '<<: *a',
  ),
  fc.constantFrom(
    '!!binary ',
    '!x ',
    '| ',
    '>',
    '%',
    '---\n',
    '...',
    '? ',
    '\0',
    '\uFEFF',
    '\uD800',
    '~',
    '0x',
    '1e9',
  ),
  fc.constantFrom(
    'promxy',
    'labels',
    '__proto__: ',
    'true',
    'null',
    '[]',
    '{}',
    '"\\uD800"',
    '{a: *a}',
    '&a [*a]',
  ),
  fc.string({ maxLength: 5, unit: 'binary' }),
);

t.test('a mutation of a valid file throws nothing but a ConfigError', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(VALID.length), fc.nat(12), fragment), { minLength: 1, maxLength: 4 }),
      (mutations) => {
        let yaml = VALID;
        for (const [at, removed, added] of mutations)
          yaml = yaml.slice(0, at) + added + yaml.slice(at + removed);
        errorOf(yaml);
      },
    ),
    { numRuns: 150 },
  );
});

t.test('a random text throws nothing but a ConfigError', async () => {
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 40 }), (parts) => {
      errorOf(parts.join(''));
    }),
    { numRuns: 400 },
  );
});

t.test('a random value of a key throws nothing but a ConfigError', async () => {
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(null, [], {}, [null], [[]], '', 0, -1, 1e30, true, ['a'], { a: 1 }),
  );
  const group = fc.record(
    {
      name: value,
      static_configs: fc.oneof(
        value,
        fc.array(fc.record({ targets: value, labels: value }, { requiredKeys: [] })),
      ),
      labels: fc.oneof(value, fc.dictionary(fc.string({ maxLength: 3 }), value)),
      scheme: value,
      path_prefix: value,
      query_params: fc.oneof(value, fc.dictionary(fc.string({ maxLength: 3 }), value)),
      http_headers: fc.oneof(value, fc.dictionary(fc.string({ maxLength: 3 }), value)),
      timeout: value,
      anti_affinity: value,
      ignore_error: value,
      http_client: fc.oneof(
        value,
        fc.record(
          {
            dial_timeout: value,
            basic_auth: value,
            authorization: value,
            bearer_token: value,
            tls_config: value,
          },
          { requiredKeys: [] },
        ),
      ),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.array(group, { maxLength: 3 }), (server_groups) => {
      errorOf(JSON.stringify({ promxy: { server_groups } }));
    }),
    { numRuns: 200 },
  );
});
