import { once } from 'node:events';
import { get, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

import Fastify from 'fastify';
import t, { type Test } from 'tap';

import { sendChunks } from '../../../src/http/reply/send-chunks.js';
import { chunksFrom } from '../../helpers/frame-streams.js';

type Chunks = () => AsyncGenerator<Uint8Array, void, undefined>;

/** Serves the chunks and returns the address. */
async function serve(t: Test, chunks: Chunks): Promise<string> {
  const app = Fastify({ forceCloseConnections: true });
  app.route({
    method: ['GET', 'HEAD'],
    url: '/',
    exposeHeadRoute: false,
    handler: (_request, reply) => sendChunks(chunksFrom(chunks), 'application/json', reply, () => undefined),
  });
  t.teardown(() => app.close());
  await app.listen({ host: '127.0.0.1', port: 0 });
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/`;
}

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const block = (letter: string): Uint8Array => Buffer.alloc(100_000, letter);

t.test('a small body that is available without waiting is sent whole, with its length', async (t) => {
  const url = await serve(t, async function* () {
    yield Buffer.from('{"a":');
    await Promise.resolve();
    yield Buffer.from('1}');
  });
  const answer = await fetch(url);
  t.equal(answer.headers.get('content-length'), '7');
  t.equal(answer.headers.get('content-type'), 'application/json');
  t.equal(await answer.text(), '{"a":1}');
});

t.test('an error before the first byte is the response', async (t) => {
  for (const before of [[], ['{'], ['{', 'x']]) {
    const url = await serve(t, async function* () {
      for (const text of before) yield Buffer.from(text);
      await Promise.resolve();
      throw new Error('too bad');
    });
    const answer = await fetch(url);
    t.equal(answer.status, 500);
    t.match(await answer.text(), /too bad/);
  }
});

t.test('the first chunks are sent while the next one is pending', async (t) => {
  let release: (() => void) | undefined;
  const url = await serve(t, async function* () {
    yield Buffer.from('head,');
    yield Buffer.from('first,');
    await new Promise<void>((resolve) => (release = resolve));
    yield Buffer.from('last');
  });
  const answer = await fetch(url);
  const reader = answer.body!.getReader();
  t.equal(Buffer.from((await reader.read()).value).toString(), 'head,first,');
  release!();
  t.equal(Buffer.from((await reader.read()).value).toString(), 'last');
  t.equal((await reader.read()).done, true);
});

t.test('the memory of a chunk can be reused for the next one', async (t) => {
  const letters = Array.from('abcdefghijklmnopqrstuvwxyz');
  const url = await serve(t, async function* () {
    const memory = Buffer.alloc(100_000);
    for (const letter of letters) {
      await soon();
      yield memory.fill(letter);
    }
  });
  const text = await (await fetch(url)).text();
  t.equal(text, letters.map((letter) => letter.repeat(100_000)).join(''));
});

t.test('an error after the first byte breaks the connection', async (t) => {
  const url = await serve(t, async function* () {
    yield block('a');
    await soon();
    throw new Error('too late');
  });
  const answer = await fetch(url);
  t.equal(answer.status, 200);
  await t.rejects(answer.text());
});

t.test('a client that does not read stops the chunks, and one that disconnects closes them', async (t) => {
  let made = 0;
  let returned: (() => void) | undefined;
  const ended = new Promise<void>((resolve) => (returned = resolve));
  const url = await serve(t, async function* () {
    try {
      for (; made < 1000; made++) {
        await soon();
        yield block('a');
      }
    } finally {
      returned!();
    }
  });
  const client = get(url);
  const [response] = (await once(client, 'response')) as [IncomingMessage];
  response.pause();
  let before = -1;
  while (before !== made) {
    before = made;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  t.ok(made > 0 && made < 900, `${made} of 1000 chunks were made`);
  client.destroy();
  await ended;
  t.ok(made < 1000);
});

t.test('the response to HEAD has no body', async (t) => {
  const url = await serve(t, async function* () {
    yield block('a');
    await soon();
    yield block('b');
  });
  const client = request(url, { method: 'HEAD' }).end();
  const [response] = (await once(client, 'response')) as [IncomingMessage];
  t.equal(response.statusCode, 200);
  t.strictSame(await response.toArray(), []);
});
