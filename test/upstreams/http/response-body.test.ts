import { PassThrough } from 'node:stream';

import t, { type Test } from 'tap';

import { sourceOf } from '../../../src/upstreams/http/body-source.js';
import { ResponseBody } from '../../../src/upstreams/http/response-body.js';

interface Setup {
  readonly source: PassThrough;
  readonly body: ResponseBody;
  readonly closed: [outcome: string, bytes: number][];
}

function setUp(maxBytes = 1 << 30): Setup {
  const source = new PassThrough({ highWaterMark: 1 << 16 });
  const closed: [string, number][] = [];
  const body = new ResponseBody(sourceOf(source), maxBytes, {
    end: (outcome, bytes) => closed.push([outcome, bytes]),
  });
  return { source, body, closed };
}

const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

async function textOf(body: ResponseBody): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of body) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

t.test('chunks are read one by one, and those that have arrived without waiting', async (t) => {
  const { source, body, closed } = setUp();
  const first = body.next();
  for (const text of ['a', 'b', 'c']) source.write(text);
  t.strictSame(await first, { done: false, value: Buffer.from('a') });
  await later();
  t.strictSame(body.tryNext(), Buffer.from('b'));
  t.strictSame(body.tryNext(), Buffer.from('c'));
  t.equal(body.tryNext(), undefined);
  source.end('d');
  t.equal(await textOf(body), 'd');
  body.close();
  t.strictSame(closed, [['ok', 4]]);
});

t.test('nothing is read before the first next, and a slow reader pauses the upstream', async (t) => {
  const { source, body } = setUp();
  const piece = Buffer.alloc(16 << 10, 'x');
  let written = 0;
  const fill = (): void => {
    while (written < 1000) {
      written++;
      if (!source.write(piece)) break;
    }
  };
  source.on('drain', fill);
  fill();
  await later();
  const before = written;
  t.ok(before <= 16);
  t.equal(body.tryNext(), undefined);
  await body.next();
  await later();
  t.ok(written > before && written <= before + 16, `${written - before} more pieces were read ahead`);
  let bytes = piece.length;
  source.on('drain', () => {
    if (written === 1000) source.end();
  });
  for await (const chunk of body) bytes += chunk.length;
  t.equal(bytes, 1000 * piece.length);
});

t.test('chunks before a failure are read before it', async (t) => {
  const { source, body, closed } = setUp();
  const first = body.next();
  source.write('a');
  source.write('b');
  await first;
  await later();
  source.destroy(Object.assign(new Error('gone'), { code: 'ECONNRESET' }));
  await later();
  t.strictSame(await body.next(), { done: false, value: Buffer.from('b') });
  await t.rejects(body.next(), { code: 'upstream', message: /incomplete response/ });
  t.equal((await body.next()).done, true);
  body.close();
  t.strictSame(closed, [['canceled', 2]]);
});

const ENDS: { readonly name: string; readonly end: (setup: Setup) => void }[] = [
  {
    name: 'is closed',
    end: ({ body }) => {
      body.close();
    },
  },
  { name: 'is returned', end: ({ body }) => void body.return() },
];
for (const { name, end } of ENDS) {
  t.test(`a pending next ends when the body ${name}, and so does the upstream`, async (t: Test) => {
    const setup = setUp();
    const next = setup.body.next();
    await later();
    end(setup);
    t.equal((await next).done, true);
    t.equal(setup.source.destroyed, true);
  });
}

t.test('an upstream that closes without an end is an incomplete response', async (t) => {
  for (const isPending of [false, true]) {
    const { source, body } = setUp();
    if (!isPending) source.destroy();
    const next = body.next();
    if (isPending) source.destroy();
    await t.rejects(next, { code: 'upstream', message: /incomplete response/ });
  }
});

t.test('a stream that failed before the first next is a failed response', async (t) => {
  const { source, body } = setUp();
  source.destroy(Object.assign(new Error('gone'), { code: 'ECONNRESET' }));
  await later();
  await t.rejects(body.next(), { code: 'upstream', message: /incomplete response/ });
});

t.test('a response that is too large ends the upstream', async (t) => {
  const { source, body } = setUp(3);
  source.write('abc');
  t.strictSame((await body.next()).value, Buffer.from('abc'));
  source.write('d');
  await t.rejects(body.next(), { code: 'upstream', message: 'response is larger than 3 bytes' });
  t.equal(source.destroyed, true);
});
