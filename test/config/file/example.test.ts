// config.example.yaml is valid, complete and true, and the examples in the documentation are valid.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import t from 'tap';
import { parse } from 'yaml';

import { loadConfig, parseConfig } from '../../../src/config/index.js';
import { configFileSchema } from '../../../src/config/file/schema/config-file.js';

const PATH = resolve('config.example.yaml');
const TEXT = readFileSync(PATH, 'utf8');

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly default?: string | boolean;
  readonly unsupported?: { readonly unless?: string | boolean | number | object };
  readonly inert?: string;
}

/** The keys that the schema names, each with its schema. */
function keysOf(schema: Schema): [key: string, schema: Schema][] {
  // The content of sections without effect is not checked.
  if (schema.inert !== undefined) return [];
  const own = Object.entries(schema.properties ?? {});
  const inner = own.map(([, value]) => value);
  if (schema.items !== undefined) inner.push(schema.items);
  return [...own, ...inner.flatMap(keysOf)];
}

const KEYS = keysOf(configFileSchema as unknown as Schema);

t.test('the example is valid, and all its keys have an effect', async (t) => {
  const { settings, warnings } = await loadConfig(PATH);
  t.same(warnings, []);
  t.equal(settings.serverGroups.length, 2);
  t.equal(settings.alerting.alertmanagers.length, 1);
  t.equal(settings.remoteWrite.length, 1);
  t.equal(settings.rules.restoreFrom?.timeoutMs, 30_000);
  t.equal(settings.rules.election?.leaseMs, 10_000);
});

t.test('the first group has the shape of a region of KOF', async (t) => {
  const { settings } = await loadConfig(PATH);
  t.match(settings.serverGroups[0], {
    scheme: 'https',
    pathPrefix: '/vm/select/0/prometheus',
    ignoreError: true,
    httpClient: { authentication: { kind: 'basic', username: { value: 'admin' } } },
  });
  t.ok(settings.serverGroups[0]!.labels.has('promxyCluster'));
  const raw = parse(TEXT) as { promxy: { server_groups: object[] } };
  t.same(Object.keys(raw.promxy.server_groups[0]!).sort(), [
    'http_client',
    'ignore_error',
    'labels',
    'path_prefix',
    'scheme',
    'static_configs',
  ]);
});

t.test('every key of the schema is in the example', async (t) => {
  t.ok(KEYS.length > 90);
  for (const [key, schema] of KEYS) {
    // Supported keys are written as keys, active or commented out. The others are listed at the end.
    const isListed = schema.unsupported !== undefined || schema.inert !== undefined;
    const pattern = isListed ? new RegExp(`\\b${key}\\b`) : new RegExp(`^[ #-]*${key}:`, 'm');
    t.match(TEXT, pattern, key);
  }
});

t.test('every key of the example, commented out or not, is in the schema', async (t) => {
  const known = new Set(KEYS.map(([key]) => key));
  const commented = [...TEXT.matchAll(/^ *# +([a-z_]+):(?: |$)/gm)].map(([, key]) => key!);
  t.ok(commented.length > 10);
  for (const key of commented) t.ok(known.has(key), key);
});

t.test('the comment of a key has its default', async (t) => {
  const lines = TEXT.split('\n');
  const commentAbove = (at: number): string => {
    let first = at;
    while (first > 0 && /^\s*(?:- )?#/.test(lines[first - 1]!)) first--;
    return lines.slice(first, at).join(' ');
  };
  for (const [key, schema] of KEYS) {
    if (schema.default === undefined || schema.default === '') continue;
    // Keys of the same name stand in several sections.
    const comments = lines.flatMap((line, i) =>
      new RegExp(`^[ #-]*${key}:`).test(line) ? [commentAbove(i)] : [],
    );
    const text = `Default: ${String(schema.default)}`;
    t.ok(
      comments.some((comment) => comment.includes(text)),
      `${key}: ${text}`,
    );
  }
});

t.test('the list of unsupported keys has their defaults', async (t) => {
  for (const [key, { unsupported }] of KEYS) {
    const unless = unsupported?.unless;
    if (unless === undefined || typeof unless === 'object' || unless === '') continue;
    t.ok(TEXT.includes(`${key} [${String(unless)}]`), key);
  }
});

t.test('the parts that are commented out are valid', async (t) => {
  const alternative = TEXT.replace(/^( *)# (ca_file|cert_file|key_file): .*$/gm, '$1$2: /pem')
    .replace(/^ *authorization:\n(?:.*\n)*?\n/m, '')
    .replace(/^( *)# (bearer_token): .*$/gm, '$1$2: x');
  const cert = readFileSync(resolve('test/testdata/config/region.pem'), 'utf8');
  const key = readFileSync(resolve('test/testdata/config/region-key.pem'), 'utf8');
  const { settings, warnings } = parseConfig(alternative, 'c.yaml', {
    readText: () => ({ text: cert + key }),
  });
  t.match(settings.serverGroups[1]!.httpClient.authentication, {
    kind: 'token',
    scheme: 'Bearer',
    credentials: { value: 'x' },
  });
  t.same(warnings, []);
});

t.test('the examples in README.md and docs are valid', async (t) => {
  for (const path of ['README.md', 'docs/regions-that-share-series.md', 'docs/rules.md']) {
    const examples = [...readFileSync(path, 'utf8').matchAll(/```yaml\n([^]*?)```/g)];
    t.ok(examples.length > 0, path);
    for (const [, yaml] of examples) {
      if (/^(?:tests|groups):/m.test(yaml!)) continue; // a file of unit tests, or of rules
      const { settings } = parseConfig(yaml!, path, { readText: () => ({ text: 'secret' }) });
      const groups = yaml!.includes('server_groups:') ? 2 : 0;
      t.equal(settings.serverGroups.length, groups, path);
    }
  }
});
