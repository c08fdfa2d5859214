// Forms as clients may write them.

import type { RawRequest } from './raw-request.js';

const FORM = 'application/x-www-form-urlencoded';
const MULTIPART = 'multipart/form-data; boundary=XX';

function post(path: string, body: string, contentType: string | null = FORM): RawRequest {
  return {
    method: 'POST',
    path: `/api/v1/${path}`,
    body,
    ...(contentType === null ? {} : { contentType }),
  };
}

type Field = readonly [name: string, value: string];

const FIVE: Field = ['time', '5'];

function postFields(path: string, fields: readonly Field[], contentType = MULTIPART): RawRequest {
  return post(path, multipart(fields), contentType);
}

function multipart(fields: readonly Field[], end = '--XX--\r\n'): string {
  const parts = fields.map(
    ([name, value]) => `--XX\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return parts.join('') + end;
}

/** Requests with bodies and query strings of all kinds. */
export const FORM_CASES: readonly RawRequest[] = [
  ...[
    'query=1&time=5',
    'query=%zz&time=5',
    'query=1&x=%zz&time=5',
    'query=1;time=5',
    'query=vector(1)==5&time=5;x',
    'query=1&&time=5',
    'query=1&query=2&time=5',
    'time=5&query=&query=2',
    '=x&query=1&time=5',
    'query',
    'query=1+%2B+1&time=5',
    'qu%65ry=1&time=5',
    '%zz=1&query=1&time=5',
    'query=%22%ff%22&time=5',
    'query="\xff"&time=5',
    'query="\xc3\xa4"&time=5',
    'query=1&time=5&a=b=c',
    'query=1==bool%201&time=5',
    '',
    '?query=1',
    '{"query":"1"}',
    ' query=1',
    'query=1\r\n&time=5',
    'query=1%',
    'query=1%2',
    'query=1%0A&time=5',
  ].flatMap((form) => [
    post('query', form),
    ...(/[ \r\n]/.test(form) ? [] : [{ path: `/api/v1/query?${form}` }]),
  ]),
  post('query?query=2&time=7', 'query=1'),
  post('query?query=2&time=7', ''),
  post('query?query=2&time=7', 'query='),
  post('query?query=2&time=7', 'query=%zz'),
  ...[
    ...[
      'text/plain',
      null,
      '',
      `${FORM}; charset=utf-8`,
      'APPLICATION/X-WWW-Form-Urlencoded',
      `${FORM};`,
      `${FORM}; x`,
    ],
    ...[
      `${FORM} `,
      `${FORM} ;charset=x`,
      `${FORM},x`,
      'application/json',
      `${FORM}; charset=iso-8859-1`,
      `${FORM}; a="b"`,
    ],
    ...['application', 'x/y;z', '/', ';', `${FORM}; charset`, `${FORM}x`],
  ].flatMap((type) => [post('query?query=2&time=7', 'query=1', type), post('query', 'query=1&time=5', type)]),
  postFields('query', [['query', '1'], FIVE]),
  postFields('query?time=7', [['query', '1'], FIVE]),
  postFields('query', [['query', '1'], ['query', '2'], FIVE]),
  post('query', multipart([['query', '1']], ''), MULTIPART),
  postFields('query', [['query', '1\r\n+\r\n1'], FIVE]),
  postFields('query', [['query', ''], FIVE]),
  postFields('query', [['query', '"\xc3\xa4"'], FIVE]),
  post('query', multipart([['query', '1'], FIVE]).replaceAll('\r', ''), MULTIPART),
  post('query', `preamble\r\n${multipart([['query', '1'], FIVE])}epilogue`, MULTIPART),
  postFields('query', [['query', '1'], FIVE], 'multipart/form-data; boundary="XX"'),
  postFields('query', [['query', '1'], FIVE], 'Multipart/Form-Data;boundary=XX; charset=utf-8'),
  post('query', multipart([['query', '1']]), 'multipart/form-data'),
  post('query', multipart([['query', '1']]), 'multipart/form-data; boundary=YY'),
  post('query', multipart([['query', '1']]), 'multipart/mixed; boundary=XX'),
  post('query', '', MULTIPART),
  post('query', 'garbage', MULTIPART),
  post('query?query=2&time=7', 'garbage', MULTIPART),
  post(
    'query',
    '--XX\r\nContent-Disposition: form-data; name="query"; filename="a"\r\n\r\n1\r\n--XX--\r\n',
    MULTIPART,
  ),
  post(
    'query',
    '--XX\r\ncontent-type: text/plain\r\ncontent-disposition: form-data; name=query\r\n\r\n"a\r\n--XX--\r\n',
    MULTIPART,
  ),
  post('query', '--XX\r\nContent-Disposition: attachment; name=query\r\n\r\n1\r\n--XX--\r\n', MULTIPART),
  postFields('query_range', [
    ['query', '1'],
    ['start', '5'],
    ['end', '6'],
    ['step', '1'],
  ]),
  post('labels', multipart([['match[]', '{']]), MULTIPART),
  post('labels', multipart([['match[]', 'x']]), MULTIPART),
  post('labels?match[]=y', multipart([['match[]', 'x']]), MULTIPART),
  post('labels', 'match[]=x'),
  post('labels', 'match[]=x&y=%zz'),
  post('series', multipart([['match[]', 'x']]), MULTIPART),
  post('series?match[]=x', multipart([['match[]', '{']]), MULTIPART),
  post('series?match[]=x', multipart([['limit', 'x']]), MULTIPART),
  post('series', 'match[]=x&y=%zz'),
  post('series', 'match[]=x&y=1;2'),
  post('series', 'match[]=x&y=%zz&y=1;2'),
  post('series', 'match[]=x&y=1;2&y=%z'),
  post('series?y=%zz', 'match[]=x'),
  post('series', 'match[]=x', `${FORM}; x`),
  post('series', 'match[]=x', 'text/plain'),
  { path: '/api/v1/series?match[]=x&y=%zz' },
  { path: '/api/v1/series?match[]=x;y' },
  { path: '/api/v1/labels?match[]=x&y=%zz' },
  { path: '/api/v1/query?query=1&time=5#y' },
];
