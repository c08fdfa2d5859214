import t from 'tap';

import type { RequestBody } from '../../../src/http/parameters/form.js';
import { Parameters } from '../../../src/http/parameters/parameters.js';

const MULTIPART = 'multipart/form-data; boundary="a b"';

function body(text: string, contentType?: string): RequestBody {
  return { contentType, bytes: Buffer.from(text) };
}

t.test('invalid escapes and semicolons make a parameter missing', async (t) => {
  const parameters = new Parameters('/x?a=%zz&b=1;2&c=%41+%2B&=x&d&&c=3&%zz=4', undefined);
  t.same(
    ['a', 'b', 'c', 'd', ''].map((name) => parameters.all(name)),
    [[], [], ['A +', '3'], [''], ['x']],
  );
});

t.test('a checked form must be well-formed', async (t) => {
  for (const [query, problem] of [
    ['a=%zz', 'invalid URL escape "%zz"'],
    ['a=%z&b=%4', 'invalid URL escape "%z"'],
    ['a=%z&b=1;2', 'invalid semicolon separator in query'],
  ] as const) {
    t.throws(
      () => {
        new Parameters(`/x?${query}`, undefined).checkForm();
      },
      { code: 'bad_data', message: `error parsing form values: ${problem}` },
    );
  }
  new Parameters('/x?a=1', body('b=2', 'application/x-www-form-urlencoded; charset=utf-8')).checkForm();
});

t.test('values of a multipart body follow those of the URL', async (t) => {
  const parts = ['name="a"', 'name=b', 'name="f"; filename="f.txt"'].map(
    (name, i) => `--a b\r\nContent-Disposition: form-data; ${name}\r\n\r\n${i}\r\n`,
  );
  const multipart = body(`${parts.join('')}--a b--\r\n`, MULTIPART);
  const parameters = new Parameters('/x?a=url', multipart);
  t.same(
    ['a', 'b', 'f'].map((name) => parameters.all(name)),
    [['url', '0'], ['1'], []],
  );
  const checked = new Parameters('/x?a=url', multipart);
  checked.checkForm();
  t.same(checked.all('b'), [], 'ignored by handlers that check the form');
});

t.test('a multipart body that is malformed has no values', async (t) => {
  for (const text of [
    '',
    'x',
    '--a b\r\n',
    '--a b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n',
  ]) {
    t.equal(new Parameters('/x', body(text, MULTIPART)).get('a'), '', text);
  }
});

t.test('bodies of other types are ignored', async (t) => {
  for (const type of [
    undefined,
    '',
    'text/plain',
    'application/x-www-form-urlencoded,x',
    'multipart/mixed; boundary=x',
  ]) {
    t.equal(new Parameters('/x?a=1', body('a=2', type)).get('a'), '1', String(type));
  }
});
