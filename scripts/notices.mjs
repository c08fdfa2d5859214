// Writes what an image has to say about its parts: `node scripts/notices.mjs FOLDER` writes `sbom.cdx.json`, the production
// packages of the lock file, and `LICENSES.txt`, the licence texts of those that are installed and of Node.js.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { root } from './preflight.mjs';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: node scripts/notices.mjs FOLDER');
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'sbom.cdx.json'), sbom());
writeFileSync(join(folder, 'LICENSES.txt'), licences());

/** npm omits production packages that development packages need too, so it gets a lock file without the latter. */
function sbom() {
  const cwd = mkdtempSync(join(tmpdir(), 'promfed-sbom-'));
  try {
    const manifest = { ...readJson('package.json'), devDependencies: undefined };
    const lock = readJson('package-lock.json');
    const packages = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && dev !== true);
    writeFileSync(join(cwd, 'package.json'), JSON.stringify(manifest));
    const all = { ...lock, packages: { '': manifest, ...Object.fromEntries(packages) } };
    writeFileSync(join(cwd, 'package-lock.json'), JSON.stringify(all));
    const args = ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only'];
    const result = spawnSync('npm', args, { cwd, encoding: 'utf8', shell: process.platform === 'win32' });
    if (result.status === 0) return result.stdout;
    console.error(result.stderr);
    process.exit(1);
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

function licences() {
  const { packages } = readJson('package-lock.json');
  const sections = Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .filter(([path]) => existsSync(join(root, path, 'package.json')))
    .map(([path]) => licenceOf(join(root, path)));
  const node = join(dirname(process.execPath), '../LICENSE');
  if (existsSync(node))
    sections.push(section(`Node.js ${process.versions.node}`, [readFileSync(node, 'utf8')]));
  return sections.join('\n');
}

/** The licence files of a package and of the sources in it, or the text that its identifier stands for. */
function licenceOf(directory) {
  const { name, version, license, author } = JSON.parse(
    readFileSync(join(directory, 'package.json'), 'utf8'),
  );
  const texts = licenceFiles(directory);
  if (texts.length === 0)
    texts.push(...standardTexts(license, `the authors of ${name}`, author?.name ?? author));
  if (texts.length > 0) return section(`${name} ${version} (${license})`, texts);
  console.error(`${name}: no licence text for ${license}`);
  process.exit(1);
}

function licenceFiles(directory) {
  const deps = join(directory, 'deps');
  const directories = [directory, ...(existsSync(deps) ? directoriesBelow(deps) : [])];
  return directories.flatMap((one) =>
    readdirSync(one, { withFileTypes: true })
      .filter((entry) => entry.isFile() && /^(licen[cs]e|copying|notice)/i.test(entry.name))
      .map((entry) => readFileSync(join(one, entry.name), 'utf8')),
  );
}

function directoriesBelow(directory) {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
}

function standardTexts(license, authors, author) {
  const holder = author ?? authors;
  const texts = {
    'Apache-2.0': () => readFileSync(join(root, 'LICENSE'), 'utf8'),
    MIT: () => `Copyright (c) ${holder}\n\n${standardText('MIT')}`,
    'BSD-3-Clause': () => `Copyright (c) ${holder}\n\n${standardText('BSD-3-Clause')}`,
  };
  const names = license.replaceAll(/[()]/g, '').split(' AND ');
  return names.every((name) => name in texts) ? names.map((name) => texts[name]()) : [];
}

function readJson(path) {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}

function standardText(name) {
  return readFileSync(join(root, 'scripts/licence-texts', `${name}.txt`), 'utf8');
}

function section(title, texts) {
  return `${'='.repeat(80)}\n${title}\n${'='.repeat(80)}\n\n${texts.map((text) => text.trim()).join('\n\n')}\n`;
}
