// Unpacks the real servers of the tests and benchmarks from Debian's packages, without installing them:
// `npm run real-servers [DIR]`. The binaries are in DIR/bin; the default is `.real-servers/bin`. Starts no service and
// does not need root. Exit codes: 0 ready, 1 failed, 3 unavailable on this machine (no apt).
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { basename, delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The Debian release with the tested versions. A changed recipe unpacks again. */
const release = 'forky';
const packages = ['prometheus', 'prometheus-alertmanager', 'promtool', 'victoria-metrics'];
const binaries = [
  'amtool',
  'prometheus',
  'prometheus-alertmanager',
  'promtool',
  'redis-server',
  'victoria-metrics',
  'vmagent',
  'vmalert',
  'vmauth',
];
/** Redis needs libraries, so it comes from the release of this machine, with those that a small system lacks. */
const localPackages = ['redis-server', 'redis-tools', 'libatomic1', 'libjemalloc2', 'liblzf1'];
const templates = 'share/prometheus/alertmanager';
const recipe = [release, ...packages, ...localPackages, ...binaries, templates].join(' ');
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
const commandTimeoutMs = 300_000;

const root = fileURLToPath(new URL('..', import.meta.url));
const defaultDirectory = join(root, '.real-servers');

/**
 * Unpacks the binaries unless they are ready. Concurrent runs are safe: each unpacks into its own folder, which it
 * renames into place.
 * @param {string} [directory]
 * @returns {{status: 'ready' | 'unavailable' | 'failed', message: string}}
 */
export function prepareRealServers(directory = defaultDirectory) {
  const bin = join(directory, 'bin');
  if (isReady(bin)) return { status: 'ready', message: `ready in ${bin}` };
  const reason = unavailableReason();
  if (reason !== undefined) return { status: 'unavailable', message: reason };

  fs.mkdirSync(directory, { recursive: true });
  removeLeftovers(directory);
  const work = fs.mkdtempSync(join(directory, '.unpacking-'));
  const stop = () => {
    fs.rmSync(work, { recursive: true, force: true });
    process.exit(130);
  };
  process.once('SIGINT', stop);
  try {
    unpackInto(work);
    if (!isReady(bin)) {
      fs.rmSync(bin, { recursive: true, force: true });
      fs.renameSync(join(work, 'bin'), bin);
    }
    return { status: 'ready', message: `unpacked into ${bin}` };
  } catch (error) {
    if (isReady(bin)) return { status: 'ready', message: `ready in ${bin}` };
    return { status: 'failed', message: error instanceof Error ? error.message : String(error) };
  } finally {
    process.removeListener('SIGINT', stop);
    fs.rmSync(work, { recursive: true, force: true });
  }
}

/** The stamp is in the folder of the binaries, which is renamed as a whole. */
function isReady(bin) {
  try {
    const stamp = JSON.parse(fs.readFileSync(join(bin, 'stamp.json'), 'utf8'));
    return stamp.recipe === recipe && binaries.every((name) => fs.existsSync(join(bin, name)));
  } catch {
    return false;
  }
}

/** Returns why the packages cannot be unpacked on this machine; undefined when they can. */
function unavailableReason() {
  if (process.platform !== 'linux') return `the packages are for Linux, this is ${process.platform}`;
  for (const tool of ['apt-get', 'dpkg-deb']) {
    if (!onPath(tool)) return `${tool} is not on this machine`;
  }
  if (!fs.existsSync(keyring)) return `Debian's archive keys are not on this machine (${keyring})`;
  return undefined;
}

function onPath(tool) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => fs.existsSync(join(folder, tool)));
}

/** Removes folders of runs that were killed. No run takes an hour. */
function removeLeftovers(directory) {
  for (const name of fs.readdirSync(directory)) {
    if (!name.startsWith('.unpacking-')) continue;
    const path = join(directory, name);
    if (Date.now() - fs.statSync(path).mtimeMs > 3_600_000) fs.rmSync(path, { recursive: true, force: true });
  }
}

function unpackInto(work) {
  for (const folder of ['lists/partial', 'cache/archives/partial', 'debs', 'tree', 'bin']) {
    fs.mkdirSync(join(work, folder), { recursive: true });
  }
  fs.writeFileSync(join(work, 'status'), '');
  fs.writeFileSync(
    join(work, 'sources.list'),
    [...new Set([release, localRelease()])]
      .map((name) => `deb [signed-by=${keyring}] ${debianMirror()} ${name} main\n`)
      .join(''),
  );
  const apt = [
    '-qq',
    ...Object.entries({
      'Dir::Etc::sourcelist': join(work, 'sources.list'),
      'Dir::Etc::sourceparts': '-',
      'Dir::State::lists': join(work, 'lists'),
      'Dir::State::status': join(work, 'status'),
      'Dir::Cache': join(work, 'cache'),
      'APT::Sandbox::User': 'root',
      'Acquire::Retries': '2',
      'Acquire::http::Timeout': '30',
      'Acquire::Languages': 'none',
    }).flatMap(([key, value]) => ['-o', `${key}=${value}`]),
  ];
  run('apt-get', [...apt, 'update'], work);
  const versions = [
    ...packages.map((name) => `${name}/${release}`),
    ...localPackages.map((name) => `${name}/${localRelease()}`),
  ];
  run('apt-get', [...apt, 'download', ...versions], join(work, 'debs'));
  const debs = fs.readdirSync(join(work, 'debs')).filter((name) => name.endsWith('.deb'));
  for (const deb of debs) run('dpkg-deb', ['--extract', join(work, 'debs', deb), join(work, 'tree')], work);
  for (const name of binaries) {
    if (name === 'redis-server') continue;
    const from = join(work, 'tree/usr/bin', name);
    if (!fs.existsSync(from)) throw new Error(`the packages ${packages.join(', ')} have no ${name}`);
    fs.renameSync(from, join(work, 'bin', name));
    fs.chmodSync(join(work, 'bin', name), 0o755);
  }
  moveRedis(join(work, 'tree'), join(work, 'bin'));
  moveAlertmanagerTemplates(join(work, 'tree'), join(work, 'bin'));
  // With a C library older than the release's, the binaries unpack but do not run.
  run(join(work, 'bin/vmauth'), ['-version'], work);
  run(join(work, 'bin/redis-server'), ['--version'], work);
  fs.writeFileSync(
    join(work, 'bin/stamp.json'),
    `${JSON.stringify({ recipe, packages: debs.sort() }, null, 2)}\n`,
  );
}

/**
 * Debian's Alertmanager reads its templates from an absolute path, which exists only when the package is installed.
 * Replaces the path in the binary by a relative one of the same length; Alertmanager then runs in its own folder.
 */
function moveAlertmanagerTemplates(tree, bin) {
  fs.mkdirSync(join(bin, templates), { recursive: true });
  for (const name of ['default.tmpl', 'email.tmpl']) {
    fs.renameSync(join(tree, 'usr', templates, name), join(bin, templates, name));
  }
  const program = join(bin, 'prometheus-alertmanager');
  const content = fs.readFileSync(program);
  const absolute = `/usr/${templates}`;
  const relative = `.${templates.padStart(absolute.length - 1, '/')}`;
  let count = 0;
  for (let at = content.indexOf(absolute); at >= 0; at = content.indexOf(absolute, at + 1)) {
    content.write(relative, at, 'latin1');
    count++;
  }
  if (count === 0) throw new Error(`prometheus-alertmanager no longer contains ${absolute}`);
  fs.writeFileSync(program, content);
}

/** Puts Redis beside its libraries, below a script that finds them. */
function moveRedis(tree, bin) {
  const folder = join(bin, 'redis');
  fs.mkdirSync(folder);
  fs.copyFileSync(join(tree, 'usr/bin/redis-server'), join(folder, 'redis-server'));
  fs.chmodSync(join(folder, 'redis-server'), 0o755);
  for (const library of fs.readdirSync(join(tree, 'usr/lib'), { recursive: true })) {
    if (!/\/lib(?:atomic|jemalloc|lzf)\.so[.0-9]*$/.test(library)) continue;
    const path = join(tree, 'usr/lib', library);
    if (fs.existsSync(path)) fs.copyFileSync(path, join(folder, basename(library)));
  }
  const script =
    '#!/bin/sh\nfolder=$(dirname "$0")/redis\nLD_LIBRARY_PATH=$folder exec "$folder/redis-server" "$@"\n';
  fs.writeFileSync(join(bin, 'redis-server'), script, { mode: 0o755 });
}

/** Returns the code name of this machine's release. */
function localRelease() {
  const name = /^VERSION_CODENAME=(\w+)/m.exec(fs.readFileSync('/etc/os-release', 'utf8'))?.[1];
  if (name === undefined) throw new Error('/etc/os-release has no VERSION_CODENAME');
  return name;
}

/** Returns the mirror that this machine uses, from either of apt's two formats. */
function debianMirror() {
  for (const [file, pattern] of [
    ['/etc/apt/sources.list.d/debian.sources', /^URIs:\s*(\S+)/m],
    ['/etc/apt/sources.list', /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)/m],
  ]) {
    try {
      const uri = pattern.exec(fs.readFileSync(file, 'utf8'))?.[1];
      // A mirror for security updates does not have a whole release.
      if (uri !== undefined && !uri.includes('security')) return uri;
    } catch {
      // The file does not exist.
    }
  }
  return 'http://deb.debian.org/debian';
}

function run(command, args, cwd) {
  const result = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    timeout: commandTimeoutMs,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (result.status === 0) return;
  const cause = result.error?.message ?? (result.stderr.trim() || `exit status ${result.status}`);
  throw new Error(`${command} ${args.at(-1)}: ${cause}`);
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const directory = process.argv[2] === undefined ? defaultDirectory : resolve(process.argv[2]);
  const { status, message } = prepareRealServers(directory);
  if (status === 'ready') console.log(`real servers: ${message}`);
  else console.error(`real servers: ${status}: ${message}`);
  process.exitCode = { ready: 0, failed: 1, unavailable: 3 }[status];
}
