import t from 'tap';

import { PromfedError } from '../../../src/model/index.js';
import { Cancellation, systemClock } from '../../../src/runtime/index.js';
import { RequestScope } from '../../../src/upstreams/http/request-scope.js';
import { fetchContext } from '../settings.js';

const REASON = new PromfedError('canceled', 'not needed');

function setUp(): { signal: Cancellation; scope: RequestScope; aborted: string[] } {
  const signal = new Cancellation();
  return { signal, scope: RequestScope.open('eu', fetchContext({ signal }), systemClock), aborted: [] };
}

const running = (name: string, aborted: string[]) => ({
  abort: (reason: PromfedError) => aborted.push(`${name}: ${reason.message}`),
});

t.test('an aborted attempt leaves its sibling and its parent alone', async (t) => {
  const { scope, aborted } = setUp();
  const [first, second] = [scope.fork(), scope.fork()];
  first.run(running('first', aborted));
  second.run(running('second', aborted));
  first.abort(REASON);
  t.strictSame(aborted, ['first: not needed']);
  t.equal(first.reason, REASON);
  t.equal(second.reason, undefined);
  t.equal(scope.reason, undefined);
  scope.abort(new PromfedError('timeout', 'late'));
  t.strictSame(aborted, ['first: not needed', 'second: late']);
});

t.test('aborting the query aborts every attempt, of every depth', async (t) => {
  const { signal, scope, aborted } = setUp();
  const outer = scope.fork();
  outer.fork().run(running('inner', aborted));
  scope.fork().run(running('other', aborted));
  signal.abort(new PromfedError('canceled', 'the client left'));
  t.strictSame(aborted, ['inner: query was canceled', 'other: query was canceled']);
  t.equal(scope.fork().reason, scope.reason, 'an attempt that begins later is aborted from the start');
});

t.test('a deadline that passes aborts with an error that names the group', async (t) => {
  const { signal, scope } = setUp();
  signal.abort(new PromfedError('timeout', 'query timed out'));
  t.match(scope.reason, { code: 'timeout', message: /server group "eu"/ });
});

t.test('ending a scope ends its attempts, each once, with the outcome and the bytes', async (t) => {
  const { signal, scope, aborted } = setUp();
  const ended: string[] = [];
  const observer = (name: string) => ({
    answered: () => undefined,
    ended: (outcome: string, bytes: number) => ended.push(`${name}: ${outcome}, ${bytes} bytes`),
  });
  const [first, second] = [scope.fork(), scope.fork()];
  scope.observer = observer('request');
  first.observer = observer('first');
  second.observer = observer('second');
  second.run(running('second', aborted));
  first.end('error', 0);
  scope.end('ok', 7);
  scope.end('error', 8);
  t.strictSame(ended, ['first: error, 0 bytes', 'second: ok, 7 bytes', 'request: ok, 7 bytes']);
  signal.abort(REASON);
  t.strictSame(aborted, [], 'an ended scope no longer follows its query');
});
