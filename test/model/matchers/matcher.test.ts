import t from 'tap';

import { printMatchers, type Matcher } from '../../../src/model/index.js';

t.test('matchers are printed as a PromQL selector', (t) => {
  const cases: { name: string; input: Matcher[]; expected: string }[] = [
    { name: 'no matchers', input: [], expected: '{}' },
    {
      name: 'every operator, in order',
      input: [
        { name: '__name__', op: '=', value: 'up' },
        { name: 'b', op: '!=', value: '' },
        { name: 'a', op: '=~', value: 'x|y' },
        { name: 'c', op: '!~', value: '.+' },
      ],
      expected: '{__name__="up",b!="",a=~"x|y",c!~".+"}',
    },
    {
      name: 'quotes, backslashes and control characters',
      input: [{ name: 'a', op: '=', value: 'q"b\\n\n\t\u0001é😀' }],
      expected: '{a="q\\"b\\\\n\\n\\t\\u0001é😀"}',
    },
    {
      name: 'names that need quotes',
      input: [
        { name: 'http.status', op: '=', value: '200' },
        { name: 'a"b', op: '=', value: '1' },
        { name: 'a:b', op: '=', value: '1' },
      ],
      expected: '{"http.status"="200","a\\"b"="1","a:b"="1"}',
    },
    {
      name: 'lone surrogates',
      input: [{ name: 'a', op: '=', value: 'x\ud800y' }],
      expected: '{a="x\ufffdy"}',
    },
  ];
  for (const { name, input, expected } of cases) t.equal(printMatchers(input), expected, name);
  t.end();
});
