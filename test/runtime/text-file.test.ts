import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

import t from 'tap';

import { readTextFile, readTextFileAsync } from '../../src/runtime/index.js';

t.test('a file is read whole, a relative path from the working directory', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'promfed-text-'));
  t.teardown(() => {
    rmSync(directory, { recursive: true });
  });
  const path = join(directory, 'token');
  const reads = async (from: string, expected: object): Promise<void> => {
    t.strictSame(readTextFile(from), expected);
    t.strictSame(await readTextFileAsync(from), expected, 'the same without blocking');
  };
  writeFileSync(path, 'abc\n');
  await reads(path, { text: 'abc\n' });
  await reads(relative(process.cwd(), path), { text: 'abc\n' });
  await reads(directory, { problem: `${directory} is not a file` });
  await reads('/dev/zero', { problem: '/dev/zero is not a file' });
  await reads(join(directory, 'none'), { problem: `${join(directory, 'none')} does not exist` });
  await reads(join(path, 'x'), {
    problem: `${join(path, 'x')} does not exist: a part of its path is not a directory`,
  });
  writeFileSync(path, Buffer.from([0xff, 0xfe]));
  await reads(path, { problem: `${path} is not valid UTF-8` });
  writeFileSync(path, Buffer.alloc(1024 * 1024 + 1));
  await reads(path, { problem: `${path} is larger than 1048576 bytes` });
  writeFileSync(path, 'abc');
  chmodSync(path, 0);
  // root may read everything.
  if (process.getuid?.() !== 0) await reads(path, { problem: `${path} may not be read by this user` });
});
