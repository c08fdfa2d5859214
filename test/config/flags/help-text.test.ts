import t from 'tap';

import { helpText, parseFlags } from '../../../src/config/index.js';

t.test('the help text has every flag with its default, in lines of at most 100 characters', async (t) => {
  const help = helpText();
  for (const [name, text] of Object.entries(parseFlags([], []).texts)) {
    const line = help.split('\n').find((candidate) => candidate.includes(`--${name}`));
    t.ok(line !== undefined, name);
    if (text !== '' && text !== 'false') t.match(line, `(default ${text})`);
  }
  t.match(help, /-v, --version\n/);
  t.match(help, /-h, --help\n/);
  t.ok(help.split('\n').every((line) => line.length <= 100 && line.trimEnd() === line));
});
