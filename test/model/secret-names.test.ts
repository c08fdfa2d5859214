import t from 'tap';

import { isSecretName, maskUrl } from '../../src/model/index.js';

t.test('names of secrets', async (t) => {
  const secret =
    'sig signature token access_token pwd password passwd jwt session session_id sid code api_key apikey api-key X-Api-Key ' +
    'X-Vault-Token Ocp-Apim-Subscription-Key key tls_key secret client_secret credentials Authorization Proxy-Authorization ' +
    'Cookie auth x-auth bearer sas accessKeyId access-key private_key account-key x-functions-key otp X-Amz-Signature';
  for (const name of secret.split(' ')) t.ok(isSecretName(name), name);
  const open =
    'author authority keyboard monkey nocache dedup url name design encoded passive region X-Scope-OrgID signal';
  for (const name of open.split(' ')) t.notOk(isSecretName(name), name);
});

t.test('passwords and secret parameters of URLs are masked', async (t) => {
  t.equal(
    maskUrl('http://u:p@h/?a=1&token=x&b=2#sig=3'),
    'http://u:<secret>@h/?a=1&token=<secret>&b=2#sig=<secret>',
  );
  t.equal(maskUrl('http://h/?access%5Ftoken=x&%zz=1'), 'http://h/?access%5Ftoken=<secret>&%zz=1');
  t.equal(maskUrl('up{a="b"}'), 'up{a="b"}');
});
