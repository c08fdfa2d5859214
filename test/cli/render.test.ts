// The text output of promfed query.

import t from 'tap';

import { renderChart } from '../../src/cli/chart.js';
import { pointAt } from '../../src/cli/point-at.js';
import { readAnswer } from '../../src/cli/read-answer.js';
import { resolveTimes } from '../../src/cli/request.js';
import { renderTable } from '../../src/cli/table.js';

type Metric = Readonly<Record<string, string>>;

const envelope = (resultType: string, result: unknown, more: object = {}): string =>
  JSON.stringify({ status: 'success', data: { resultType, result }, ...more });

const vector = (...samples: [metric: Metric, value: string][]): string =>
  envelope(
    'vector',
    samples.map(([metric, value]) => ({ metric, value: [10, value] })),
  );

const matrix = (...series: [metric: Metric, values: string[]][]): string =>
  envelope(
    'matrix',
    series.map(([metric, values]) => ({ metric, values: values.map((value, i) => [i * 60, value]) })),
  );

const table = (body: string): string => renderTable(readAnswer(body));

t.test('a vector is a table, its name first and labels by name', async (t) => {
  t.equal(
    table(
      vector(
        [{ b: 'x', a: 'long value', __name__: 'up' }, '1'],
        [{ c: 'ü', __name__: 'requests_total' }, '1.5e+21'],
        [{}, 'NaN'],
      ),
    ),
    [
      '__name__        a           b  c    VALUE',
      'up              long value  x           1',
      'requests_total                 ü  1.5e+21',
      '                                      NaN',
      '',
    ].join('\n'),
  );
});

t.test('a matrix has one row for each sample, with its time', async (t) => {
  t.equal(
    table(matrix([{ a: '1' }, ['0.5', '+Inf']])),
    [
      'a  TIME                  VALUE',
      '1  1970-01-01T00:00:00Z    0.5',
      '1  1970-01-01T00:01:00Z   +Inf',
      '',
    ].join('\n'),
  );
});

t.test('a scalar, a string and an empty answer', async (t) => {
  t.equal(table(envelope('scalar', [1, '2'])), 'VALUE\n    2\n');
  t.equal(table(envelope('string', [1, 'a\u001bb'])), 'a\\u{1b}b\n');
  t.equal(table(envelope('vector', [])), 'no data\n');
});

t.test('labels cannot move the cursor or hide other text', async (t) => {
  t.equal(
    table(vector([{ a: '\u001b[2J\n\u202e' }, '1'])),
    'a                       VALUE\n\\u{1b}[2J\\u{a}\\u{202e}      1\n',
  );
});

t.test('a native histogram is written with its buckets', async (t) => {
  const histogram = {
    count: '3',
    sum: '1.5',
    buckets: [
      [0, '0.5', '1', '2'],
      [3, '-0.1', '0.1', '1'],
    ],
  };
  t.match(
    table(envelope('vector', [{ metric: {}, histogram: [1, histogram] }])),
    '{count:3, sum:1.5, (0.5,1]:2, [-0.1,0.1]:1}',
  );
});

t.test('an invalid envelope is an error, and the error of a valid one is reported', async (t) => {
  const cases = [
    '',
    'null',
    '[]',
    '{}',
    '<html>',
    '{"status":"success"}',
    '{"status":"success","data":{"resultType":"vector","result":{}}}',
    envelope('vector', [1]),
    envelope('vector', [{ metric: { a: 1 }, value: [1, '1'] }]),
    envelope('vector', [{ metric: {}, value: [1, 1] }]),
    envelope('matrix', [{ metric: {}, values: 1 }]),
    envelope('scalar', []),
    envelope('quux', []),
  ];
  for (const body of cases) {
    t.throws(
      () => readAnswer(body),
      { code: 'upstream', message: 'the answer is not one of the Prometheus HTTP API' },
      body,
    );
  }
  t.throws(() => readAnswer('{"status":"error","errorType":"execution","error":"why"}'), { message: 'why' });
  t.match(readAnswer(envelope('vector', [], { warnings: ['w', 1], infos: ['i'] })), {
    warnings: ['w'],
    infos: ['i'],
  });
});

t.test('a chart of one series is drawn in dots', async (t) => {
  const values = Array.from({ length: 61 }, (_, i) => String(i));
  const chart = renderChart(readAnswer(matrix([{ __name__: 'x', a: '1' }, values])), {
    columns: 40,
    colors: false,
    startMs: 0,
    endMs: 3_600_000,
  });
  t.equal(
    chart,
    `60 ┤                                  ⡠⠊
   ┤                               ⢀⠔⠁
   ┤                             ⡀⠔⠁
   ┤                           ⡠⠊
   ┤                        ⢀⠔⠈
   ┤                      ⢀⠔⠁
   ┤                    ⡠⠊
30 ┤                 ⡠⠠⠊
   ┤               ⡠⠊
   ┤            ⢀⠔⠁
   ┤          ⡀⠔⠁
   ┤        ⡠⠊
   ┤     ⢀⠄⠊
   ┤   ⢀⠔⠁
 0 ┤ ⡠⠊
   └────────────────────────────────────
     00:00:00Z                 01:00:00Z
━ x{a="1"}  min 0, max 60, last 60
`,
  );
});

t.test('the series of a chart differ in letter or color', async (t) => {
  const answer = readAnswer(
    matrix(
      ...Array.from({ length: 12 }, (_, i): [Metric, string[]] => [{ i: String(i) }, [String(i), 'NaN']]),
    ),
  );
  const options = { columns: 60, startMs: 0, endMs: 60_000 };
  const plain = renderChart(answer, { ...options, colors: false });
  for (let i = 0; i < 10; i++) {
    const letter = String.fromCharCode(0x61 + i);
    t.match(plain, `${letter} {i="${i}"}  min ${i}, max ${i}, last ${i}, 1 not drawn\n`);
    t.match(plain, new RegExp(`┤ ${letter}`), 'it is drawn');
  }
  t.match(plain, '… and 2 more series, not shown\n');
  t.notMatch(plain, '{i="10"}');
  t.notMatch(plain, '\u001b');
  const colored = renderChart(answer, { ...options, colors: true });
  t.match(colored, '\u001b[36m━\u001b[0m {i="0"}');
  t.ok(plain.split('\n').every((line) => line.length <= 60));
});

t.test('values that a chart cannot show are counted', async (t) => {
  const options = { columns: 60, colors: false, startMs: 0, endMs: 60_000 };
  t.equal(renderChart(readAnswer(matrix()), options), 'no data\n');
  t.match(renderChart(readAnswer(matrix([{}, ['+Inf', 'NaN']])), options), '━ {}  2 not drawn\n');
  t.match(renderChart(readAnswer(matrix([{}, ['5', '5']])), options), '━ {}  min 5, max 5, last 5\n');
  const widest = renderChart(readAnswer(matrix([{}, ['1.7e308', '-1.7e308']])), options);
  t.match(widest, /^ ?1\.7e\+308 ┤ +[⠀-⣿]?/);
  t.notMatch(widest, 'NaN');
});

t.test('a caret marks the position of a parse error', async (t) => {
  t.equal(pointAt('sum(up', '1:7: parse error: x'), '  sum(up\n        ^\n');
  t.equal(pointAt('a\nüb ]', 'invalid parameter "query": 2:5: parse error: x'), '  üb ]\n     ^\n');
  for (const message of ['no place', '2:1: parse error: x', '1:99: parse error: x', '1:0: parse error: x']) {
    t.equal(pointAt('up', message), '', message);
  }
  const long = pointAt(`${'a'.repeat(500)}]${'b'.repeat(500)}`, '1:501: parse error: x');
  const [line, caret] = long.split('\n');
  t.equal(line![caret!.indexOf('^')], ']');
  t.ok(line!.length < 130);
});

t.test('the default range is the last hour in about 250 points', async (t) => {
  const end = { from: 'now', ms: 0 } as const;
  const range = { kind: 'range', start: undefined, end, stepMs: undefined } as const;
  t.same(resolveTimes(range, 7_200_000), {
    kind: 'range',
    grid: { startMs: 3_600_000, stepMs: 15_000, count: 241 },
    endMs: 7_200_000,
  });
  t.same(resolveTimes({ ...range, start: { from: 'now', ms: -1000 } }, 5000).grid, {
    startMs: 4000,
    stepMs: 1000,
    count: 2,
  });
  t.throws(() => resolveTimes({ ...range, start: { from: 'now', ms: 1 } }, 0), {
    message: 'end timestamp must not be before start time',
  });
  t.throws(() => resolveTimes({ ...range, stepMs: 1 }, 0), {
    message: /^exceeded maximum resolution of 11,000/,
  });
});
