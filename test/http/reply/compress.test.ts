import { once } from 'node:events';
import { request, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as zlib from 'node:zlib';

import Fastify, { type FastifyReply } from 'fastify';
import t, { type Test } from 'tap';

import { acceptedEncoding, type Encoding } from '../../../src/http/reply/accept-encoding.js';
import { addCompression } from '../../../src/http/reply/compress.js';
import { addCors } from '../../../src/http/cors.js';
import { sendChunks } from '../../../src/http/reply/send-chunks.js';
import { chunksFrom } from '../../helpers/frame-streams.js';
import { cpuTimeMs } from '../../helpers/cpu-time.js';
import { until } from '../../helpers/until.js';

const BOTH: readonly Encoding[] = ['zstd', 'gzip'];
const HAS_ZSTD = 'createZstdCompress' in zlib;
const FAR = '192.0.2.77';

const negotiations: readonly [header: string | undefined, expected: Encoding | undefined][] = [
  [undefined, undefined],
  ['', undefined],
  ['gzip', 'gzip'],
  ['GZIP', 'gzip'],
  ['x-gzip', 'gzip'],
  ['gzip, deflate, br, zstd', 'zstd'],
  ['gzip;q=1.0, zstd;q=0.5', 'gzip'],
  ['gzip;q=0.5,zstd;q=0.5', 'zstd'],
  ['gzip;q=0', undefined],
  ['gzip;q=0.000', undefined],
  ['gzip ; q = 0.001', 'gzip'],
  ['zstd;q=0, *', 'gzip'],
  ['*', 'zstd'],
  ['*;q=0', undefined],
  ['*;q=0, gzip', 'gzip'],
  ['identity', undefined],
  ['identity, gzip;q=0.9', undefined],
  ['identity;q=0.5, gzip;q=0.9', 'gzip'],
  ['identity;q=0, br', undefined],
  ['br, deflate', undefined],
  ['gzip;q=2', undefined],
  ['gzip;q=-1', undefined],
  ['gzip;q=x', undefined],
  ['gzip;q=', undefined],
  ['gzip;level=9', 'gzip'],
  [',,;,gzip,;q=1', 'gzip'],
  ['gzipped, notzstd', undefined],
];

t.test('Accept-Encoding decides, including its weights', async (t) => {
  for (const [header, expected] of negotiations)
    t.equal(acceptedEncoding(header, BOTH), expected, `${header}`);
  t.equal(acceptedEncoding('zstd, gzip;q=0.1', ['gzip']), 'gzip', 'only encodings that the runtime supports');
  const tookMs = cpuTimeMs(() => {
    acceptedEncoding(`${'a;'.repeat(100_000)},${' ,'.repeat(30_000)}gzip`, BOTH);
  });
  t.ok(tookMs < 2000, 'time is linear in the length');
});

type Answer = (reply: FastifyReply) => FastifyReply | Promise<FastifyReply>;

/** Serves `answer` to clients whose address appears to be `peer`. */
async function serve(t: Test, answer: Answer, peer: string | undefined): Promise<string> {
  const app = Fastify({ forceCloseConnections: true });
  app.addHook('onRequest', (request, _reply, done) => {
    Object.defineProperty(request.raw.socket, 'remoteAddress', { value: peer, configurable: true });
    done();
  });
  addCors(app, '');
  addCompression(app);
  app.route({
    method: ['GET', 'HEAD'],
    url: '/api/v1/x',
    exposeHeadRoute: false,
    handler: (_request, reply) => answer(reply),
  });
  t.teardown(() => app.close());
  await app.listen({ host: '127.0.0.1', port: 0 });
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/api/v1/x`;
}

async function send(url: string, headers: OutgoingHttpHeaders, method = 'GET'): Promise<IncomingMessage> {
  const [response] = (await once(request(url, { method, headers }).end(), 'response')) as [IncomingMessage];
  return response;
}

async function bytesOf(response: IncomingMessage): Promise<Buffer> {
  return Buffer.concat((await response.toArray()) as Buffer[]);
}

function decode(encoding: string, bytes: Buffer): string {
  if (encoding === 'gzip') return zlib.gunzipSync(bytes).toString();
  const { zstdDecompressSync } = zlib as unknown as { zstdDecompressSync: (bytes: Buffer) => Buffer };
  return zstdDecompressSync(bytes).toString();
}

const ENCODINGS = HAS_ZSTD ? ['gzip', 'zstd'] : ['gzip'];
const text = Array.from({ length: 5000 }, (_, i) => `${i * i},`).join('');
const whole: Answer = (reply) => reply.type('application/json').send(text);
const streamed: Answer = (reply) =>
  sendChunks(
    chunksFrom(async function* () {
      const memory = Buffer.alloc(97);
      for (let i = 0; i < text.length; i += memory.length) {
        if (i % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
        yield memory.subarray(0, memory.write(text.slice(i, i + memory.length)));
      }
    }),
    'application/json',
    reply,
    () => undefined,
  );

for (const [name, answer] of [
  ['whole', whole],
  ['streamed', streamed],
] as const) {
  for (const encoding of ENCODINGS) {
    t.test(`a ${name} answer is sent as ${encoding} and decodes to the same text`, async (t) => {
      const response = await send(await serve(t, answer, FAR), { 'accept-encoding': encoding });
      t.equal(response.headers['content-encoding'], encoding);
      t.equal(response.headers.vary, 'Accept-Encoding');
      t.match(response.headers['content-type'], /^application\/json/);
      const bytes = await bytesOf(response);
      if (name === 'whole') t.equal(response.headers['content-length'], String(bytes.length));
      t.equal(decode(encoding, bytes), text);
      if (name === 'whole') t.ok(bytes.length < text.length / 1.5);
    });
  }

  t.test(
    `a ${name} answer is not compressed for clients that do not accept it or are on loopback`,
    async (t) => {
      for (const [peer, accept, vary] of [
        [FAR, 'gzip;q=0', 'Accept-Encoding'],
        [FAR, 'br', 'Accept-Encoding'],
        ['127.0.0.1', 'gzip, zstd', undefined],
        ['127.8.8.8', 'gzip, zstd', undefined],
        ['::ffff:127.0.0.1', 'gzip, zstd', undefined],
        ['::1', 'gzip, zstd', undefined],
        [undefined, 'gzip, zstd', undefined],
      ] as const) {
        const url = await serve(t, answer, peer);
        const response = await send(url, { 'accept-encoding': accept, 'x-forwarded-for': FAR });
        t.equal(response.headers['content-encoding'], undefined, `${peer}, ${accept}`);
        t.equal(response.headers.vary, vary);
        t.equal((await bytesOf(response)).toString(), text);
      }
    },
  );

  t.test(`the response to HEAD for a ${name} answer has no body`, async (t) => {
    const response = await send(await serve(t, answer, FAR), { 'accept-encoding': 'gzip' }, 'HEAD');
    t.equal(response.statusCode, 200);
    t.equal((await bytesOf(response)).length, 0);
  });
}

t.test('small bodies are not compressed, errors keep their status, and Vary keeps the origin', async (t) => {
  const headers = { 'accept-encoding': 'gzip', origin: 'http://a' };
  const small = await send(await serve(t, (reply) => reply.send('{}'), FAR), headers);
  t.equal(small.headers['content-encoding'], undefined);
  t.equal((await bytesOf(small)).toString(), '{}');

  const error = await send(await serve(t, (reply) => reply.code(422).send('x'.repeat(9000)), FAR), headers);
  t.equal(error.statusCode, 422);
  t.equal(error.headers['content-encoding'], 'gzip');
  t.equal(error.headers.vary, 'Origin, Accept-Encoding');
  t.equal(decode('gzip', await bytesOf(error)), 'x'.repeat(9000));

  const none = await send(await serve(t, (reply) => reply.code(204).send(), FAR), headers);
  t.equal(none.statusCode, 204);
  t.equal((await bytesOf(none)).length, 0);
});

for (const encoding of ENCODINGS) {
  const decoder = (): NodeJS.ReadWriteStream => {
    const { createZstdDecompress } = zlib as unknown as { createZstdDecompress: () => zlib.Gunzip };
    return encoding === 'gzip' ? zlib.createGunzip() : createZstdDecompress();
  };

  t.test(`${encoding}: the first chunks can be read while the next one is pending`, async (t) => {
    let release: (() => void) | undefined;
    const url = await serve(
      t,
      (reply) =>
        sendChunks(
          chunksFrom(async function* () {
            yield Buffer.from('head,');
            yield Buffer.from('first,');
            await new Promise<void>((resolve) => (release = resolve));
            yield Buffer.from('last');
          }),
          'text/plain',
          reply,
          () => undefined,
        ),
      FAR,
    );
    const plain = (await send(url, { 'accept-encoding': encoding })).pipe(decoder());
    const parts: string[] = [];
    plain.on('data', (chunk: Buffer) => parts.push(chunk.toString()));
    await until(() => parts.join('') === 'head,first,', 'the first chunks');
    release!();
    await once(plain, 'end');
    t.equal(parts.join(''), 'head,first,last');
  });

  t.test(`${encoding}: a failure after the first byte breaks the connection`, async (t) => {
    const broken: unknown[] = [];
    const url = await serve(
      t,
      (reply) =>
        sendChunks(
          chunksFrom(async function* () {
            yield Buffer.alloc(100_000, 'a');
            await new Promise((resolve) => setTimeout(resolve, 20));
            throw new Error('too late');
          }),
          'text/plain',
          reply,
          (thrown) => broken.push(thrown),
        ),
      FAR,
    );
    const response = await send(url, { 'accept-encoding': encoding });
    await t.rejects(bytesOf(response), { code: 'ECONNRESET' });
    t.match(broken, [{ message: 'too late' }]);
  });

  t.test(
    `${encoding}: a client that does not read stops the chunks, and one that disconnects closes them`,
    async (t) => {
      let made = 0;
      let returned: (() => void) | undefined;
      const ended = new Promise<void>((resolve) => (returned = resolve));

      const url = await serve(
        t,
        (reply) =>
          sendChunks(
            chunksFrom(async function* () {
              try {
                const block = Buffer.alloc(100_000);
                for (; made < 2000; made++) {
                  await new Promise((resolve) => setImmediate(resolve));
                  for (let i = 0; i < block.length; i += 4)
                    block.writeUInt32LE((Math.random() * 2 ** 32) >>> 0, i);
                  yield block;
                }
              } finally {
                returned!();
              }
            }),
            'text/plain',
            reply,
            () => undefined,
          ),
        FAR,
      );
      const client = request(url, { headers: { 'accept-encoding': encoding } }).end();
      const [response] = (await once(client, 'response')) as [IncomingMessage];
      response.pause();
      let before = -1;
      while (before !== made) {
        before = made;
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      t.ok(made > 0 && made < 1500, `${made} of 2000 chunks were made`);
      client.destroy();
      await ended;
      t.ok(made < 2000);
    },
  );
}
