import t from 'tap';

import { Redactor } from '../../../src/upstreams/http/redactor.js';
import { groupSettings } from '../settings.js';

t.test('secrets are hidden, and the rest of the text is not', (t) => {
  const redactor = new Redactor(
    groupSettings(['a:1'], {
      httpHeaders: [
        ['X-Api-Key', 'key-of-mine'],
        ['X-Scope-OrgID', 'tenant'],
        ['X-Token', 'abc'],
      ],
    }),
  );
  redactor.add(`Basic ${Buffer.from('user:pass:word').toString('base64')}`);
  t.equal(
    redactor.redact('user pass:word key-of-mine tenant Basic dXNlcjpwYXNzOndvcmQ= dXNlcjpwYXNzOndvcmQ= abc'),
    'user <secret> <secret> tenant <secret> <secret> abc',
  );
  t.equal(new Redactor(groupSettings(['a:1'])).redact('as it is'), 'as it is');
  t.end();
});

t.test('replaced credentials stay hidden, the last hundred of them', (t) => {
  const redactor = new Redactor(groupSettings(['a:1'], { httpHeaders: [['X-Token', 'configured']] }));
  for (let i = 0; i <= 100; i++) redactor.add(`Bearer token-${i}`);
  t.equal(redactor.redact('token-1 token-100 configured'), '<secret> <secret> <secret>');
  t.equal(redactor.redact('token-0'), 'token-0');
  t.end();
});
