import { readFileSync } from 'node:fs';
import t from 'tap';

interface Entry {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

t.test('the lock file has an entry for the package of every platform, as npm ci requires', async (t) => {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, Entry>;
  };
  const missing: string[] = [];
  for (const [path, { optionalDependencies = {} }] of Object.entries(packages)) {
    for (const name of Object.keys(optionalDependencies)) {
      if (!isFound(packages, path, name)) missing.push(`${path} → ${name}`);
    }
  }
  t.strictSame(missing, []);
});

/** Searches like Node: in the package's own modules, then in each folder above. */
function isFound(packages: Readonly<Record<string, Entry>>, from: string, name: string): boolean {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (`${folder === '' ? '' : `${folder}/`}node_modules/${name}` in packages) return true;
    if (folder === '') return false;
  }
}
