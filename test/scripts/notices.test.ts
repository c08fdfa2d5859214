import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import t from 'tap';

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly dev?: boolean }>>;
}

interface Sbom {
  readonly bomFormat: string;
  readonly components: readonly { readonly name: string; readonly version: string; readonly purl: string }[];
}

t.test('the notices list every production package and its licence, and no other', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'promfed-notices-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true });
  });
  const run = spawnSync(process.execPath, ['scripts/notices.mjs', folder], { encoding: 'utf8' });
  t.equal(run.status, 0, run.stderr);
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;
  const production = Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path, { version }]) => `${path.split('node_modules/').at(-1)!}@${version}`);
  const sbom = JSON.parse(readFileSync(join(folder, 'sbom.cdx.json'), 'utf8')) as Sbom;
  t.equal(sbom.bomFormat, 'CycloneDX');
  const listed = sbom.components.map(({ name, version }) => `${name}@${version}`);
  t.same(
    production.filter((one) => !listed.includes(one)),
    [],
    'all are listed',
  );
  t.same(
    listed.filter((one) => !production.includes(one)),
    [],
    'no others are listed',
  );
  t.ok(sbom.components.every(({ purl }) => purl.startsWith('pkg:npm/')));

  const licences = readFileSync(join(folder, 'LICENSES.txt'), 'utf8');
  for (const name of [
    'fastify',
    'undici',
    '@bufbuild/protobuf',
    '@redis/client',
    'snappy',
    'classic-level',
  ]) {
    const section = licences.split(`\n${name} `)[1]?.split('='.repeat(80))[1];
    t.match(section, /permi(?:ssion|tted)|Apache License/i, name);
  }
  t.notMatch(licences, /^typescript /m);
});
