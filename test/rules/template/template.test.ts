// Parsing, expansion, queries, histograms and limits of templates.

import t from 'tap';

import { createHistogram, Labels, PromfedError } from '../../../src/model/index.js';
import { expandTemplate, parseTemplate } from '../../../src/rules/template/index.js';
import { outcomeOf, templateData, templateSample } from '../../helpers/templates/expand.js';

const OPTIONS = {
  query: () => Promise.resolve([]),
  pathPrefix: '',
  nowMs: 1_353_755_652_000,
};

t.test('one template is parsed once and expanded for several alerts', async (t) => {
  const template = parseTemplate('{{ $labels.pod }}: {{ $value | humanize }}', '__alert_T');
  const expand = (pod: string, value: number): Promise<string> =>
    expandTemplate(template, templateData({ labels: Labels.from({ pod }), value }), OPTIONS);
  t.equal(await expand('a', 1000), 'a: 1k');
  t.equal(await expand('b', 0.5), 'b: 500m');
  t.strictSame(await Promise.all([expand('c', 1), expand('d', 2)]), ['c: 1', 'd: 2']);
});

t.test('$isPartial reports that a region did not answer', async (t) => {
  const template = parseTemplate('{{ if $isPartial }}partial{{ else }}complete{{ end }}', '__alert_T');
  t.equal(await expandTemplate(template, templateData({ isPartial: true }), OPTIONS), 'partial');
  t.equal(await expandTemplate(template, templateData(), OPTIONS), 'complete');
});

t.test('now is the time of the evaluation', async (t) => {
  t.strictSame(await outcomeOf('{{ now }}'), { expected: '1.353755652e+09' });
  t.strictSame(await outcomeOf('{{ (now | toTime).Format "Mon Jan 2 15:04:05 2006" }}'), {
    expected: 'Sat Nov 24 11:14:12 2012',
  });
  t.strictSame(
    await outcomeOf('{{ ("-30m" | parseDuration | toDuration | (now | toTime).Add).UnixMilli }}'),
    {
      expected: '1353753852000',
    },
  );
});

t.test('errors of a template are PromfedErrors', async (t) => {
  t.throws(() => parseTemplate('{{ if }}', '__alert_X'), {
    name: 'PromfedError',
    code: 'bad_data',
    message: 'template: __alert_X:1: missing value for if',
  });
  await t.rejects(expandTemplate(parseTemplate('{{ humanize "x" }}', '__alert_X'), templateData(), OPTIONS), {
    name: 'PromfedError',
    code: 'execution',
    message:
      'error executing template __alert_X: template: __alert_X:1:115: executing "__alert_X" at <humanize "x">: ' +
      'error calling humanize: strconv.ParseFloat: parsing "x": invalid syntax',
  });
});

t.test('queries', async (t) => {
  t.test('each query runs once', async (t) => {
    const queries: string[] = [];
    const query = (expr: string): Promise<ReturnType<typeof templateSample>[]> => {
      queries.push(expr);
      return Promise.resolve([templateSample({ expr }, queries.length)]);
    };
    const template =
      '{{ query "a" | first | value }}{{ query "b" | first | value }}{{ query "a" | first | value }}';
    t.strictSame(await outcomeOf(template, { query }), { expected: '121' });
    t.strictSame(queries, ['a', 'b']);
  });

  t.test('the error of a query is the error of the function', async (t) => {
    const query = (): Promise<never> => Promise.reject(new PromfedError('upstream', 'group eu failed'));
    t.strictSame(await outcomeOf('a {{ query "up" }}', { query }), {
      error:
        'template: __alert_T:1:117: executing "__alert_T" at <query "up">: error calling query: group eu failed',
    });
  });

  t.test('a query that is not evaluated does not run', async (t) => {
    const query = (): Promise<never> => Promise.reject(new Error('not expected'));
    t.strictSame(await outcomeOf('{{ if false }}{{ query "up" }}{{ end }}a', { query }), { expected: 'a' });
  });

  t.test('an expansion has a limit of 100 queries', async (t) => {
    const query = (): Promise<[]> => Promise.resolve([]);
    const template = '{{ range $i := 101 }}{{ range query (print $i) }}{{ end }}{{ end }}';
    t.strictSame(await outcomeOf(template, { query }), {
      error: 'template exceeds the limit of 100 queries',
    });
    t.strictSame(await outcomeOf(template.replace('101', '100'), { query }), { expected: '' });
  });
});

t.test('histograms', async (t) => {
  const histogram = createHistogram({
    count: 6,
    sum: 10,
    zeroCount: 1,
    zeroThreshold: 0.001,
    positive: { indices: [0, 1], counts: [1, 2] },
    negative: { indices: [1], counts: [2] },
  });
  const text = '{count:6, sum:10, [-2,-1):2, [-0.001,0.001]:1, (0.5,1]:1, (1,2]:2}';
  const cases = [
    { template: '{{ $value }}', expected: text },
    { template: '{{ printf "%v|%s" $value .Value }}', expected: `${text}|${text}` },
    { template: '{{ query "x" | first | value }}', expected: text },
    { template: '{{ $value.Count }} {{ .Value.Sum }} {{ $value.Schema }}', expected: '6 10 0' },
    { template: '{{ $value.String | len }}', expected: String(text.length) },
    {
      template: '{{ humanize $value }}',
      error:
        'template: __alert_T:1:115: executing "__alert_T" at <humanize $value>: error calling humanize: ' +
        "can't convert *histogram.FloatHistogram to float",
    },
    {
      template: '{{ $value.Nope }}',
      error:
        'template: __alert_T:1:121: executing "__alert_T" at <$value.Nope>: ' +
        "can't evaluate field Nope in type *histogram.FloatHistogram",
    },
  ];
  for (const { template, ...expected } of cases) {
    const query = (): Promise<ReturnType<typeof templateSample>[]> =>
      Promise.resolve([templateSample({}, histogram)]);
    t.strictSame(await outcomeOf(template, { data: templateData({ value: histogram }), query }), expected);
  }
});

t.test('names of object properties are ordinary names', async (t) => {
  for (const name of [
    'constructor',
    '__proto__',
    'toString',
    'hasOwnProperty',
    'valueOf',
    'entries',
    'size',
  ]) {
    t.strictSame(await outcomeOf(`{{ .Labels.${name} }}`), { expected: '' });
    t.strictSame(await outcomeOf(`{{ $labels.${name} }}`), { expected: '' });
    t.strictSame(await outcomeOf(`{{ index $labels "${name}" }}`), { expected: '' });
    t.match((await outcomeOf(`{{ .${name} }}`)).error, /can't evaluate field/);
    t.match((await outcomeOf(`{{ $value.${name} }}`)).error, /can't evaluate field/);
    t.match((await outcomeOf(`{{ (toTime 0).${name} }}`)).error, /can't evaluate field/);
    t.match((await outcomeOf(`{{ ${name} }}`)).parseError, /function "\w+" not defined/);
    t.strictSame(await outcomeOf(`{{ $${name} := 1 }}{{ $${name} }}`), { expected: '1' });
  }
  const labels = Labels.of([['__proto__', 'p']]);
  t.strictSame(await outcomeOf('{{ .Labels.__proto__ }}', { data: templateData({ labels }) }), {
    expected: 'p',
  });
});

t.test('limits', async (t) => {
  const cases = [
    {
      name: 'steps',
      template: '{{ range 100000000 }}{{ end }}',
      error: /^template exceeds the limit of 250000 evaluation steps$/,
    },
    {
      name: 'recursion',
      template: '{{ define "x" }}{{ template "x" }}{{ end }}{{ template "x" }}',
      error: /exceeded maximum template depth \(400\)$/,
    },
    {
      name: 'recursion in blocks and parentheses',
      template:
        '{{ define "x" }}{{ if true }}{{ with (print (print (print 1))) }}{{ range 1 }}{{ template "x" (print .) }}' +
        '{{ end }}{{ end }}{{ end }}{{ end }}{{ template "x" }}',
      error: /exceeded maximum template depth \(400\)$/,
    },
    {
      name: 'output',
      template: '{{ $x := "0123456789" }}{{ range 20 }}{{ $x = print $x $x }}{{ end }}{{ $x }}',
      error: /^template exceeds the limit of 1048576 characters of output$/,
    },
    {
      name: 'width',
      template: '{{ printf "%1048577d" 1 }}',
      error: /^template exceeds the limit of 1048576 characters of output$/,
    },
    {
      name: 'many widths',
      template: `{{ printf "${'%1000000d'.repeat(50)}" 1 1 1 1 }}`,
      error: /^template exceeds the limit of 1048576 characters of output$/,
    },
    {
      name: 'long arguments',
      template: '{{ $x := printf "%1000000d" 1 }}{{ range 100000 }}{{ $y := index $x 5 }}{{ end }}',
      error: /^template exceeds the limit of 250000 evaluation steps$/,
    },
    {
      name: 'regular expressions',
      template:
        '{{ $x := printf "%1000000d" 1 }}{{ range 1000 }}{{ $y := reReplaceAll "(a|b|c)*d" "" $x }}{{ end }}',
      error: /regular expression not matched: its about 13 instructions times the 1000000 characters/,
    },
  ];
  for (const { name, template, error } of cases) {
    t.match((await outcomeOf(template)).error, error, name);
  }
  t.strictSame(await outcomeOf('x'.repeat(262_145)), {
    parseError: 'template: __alert_T: the source exceeds the limit of 262144 characters',
  });
  t.match(
    (await outcomeOf(`{{ ${'('.repeat(5000)}1${')'.repeat(5000)} }}`)).parseError,
    /more than 200 nested blocks and parentheses$/,
  );
  t.match(
    (await outcomeOf('{{ if 1 }}'.repeat(5000))).parseError,
    /more than 200 nested blocks and parentheses$/,
  );
  t.match(await outcomeOf(`{{ ${'('.repeat(150)}1${')'.repeat(150)} }}`), { expected: '1' });
  t.match(await outcomeOf('{{ if 1 }}'.repeat(150) + 'x' + '{{ end }}'.repeat(150)), { expected: 'x' });
});
