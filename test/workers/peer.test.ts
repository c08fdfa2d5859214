// Calls between two ends of a channel: answers, errors, limits, and an other side that is gone.

import t from 'tap';

import { PromfedError } from '../../src/model/index.js';
import type { Channel } from '../../src/workers/channel.js';
import { createPeer, NoAnswer } from '../../src/workers/peer.js';

interface Near {
  readonly add: (pair: readonly [number, number]) => number;
}

interface Far {
  readonly double: (value: number) => Promise<number>;
  readonly fail: (kind: string) => Promise<never>;
  readonly wait: () => Promise<string>;
}

interface Ends {
  readonly near: Channel;
  readonly far: Channel;
  /** Closes the channel for both ends. */
  readonly close: () => void;
  /** Makes every later message fail. */
  readonly jam: () => void;
}

/** Two ends that deliver clones, later. */
function connect(): Ends {
  const listeners = { near: [] as ((message: unknown) => void)[], far: [] as ((message: unknown) => void)[] };
  const closings: (() => void)[] = [];
  let isJammed = false;
  const endTowards = (own: 'near' | 'far', other: 'near' | 'far'): Channel => ({
    send: (message, onFailure) => {
      const clone: unknown = structuredClone(message);
      setImmediate(() => {
        if (isJammed) onFailure();
        else for (const listen of listeners[other]) listen(clone);
      });
    },
    onMessage: (listen) => listeners[own].push(listen),
    onClosed: (listen) => closings.push(listen),
  });
  return {
    near: endTowards('near', 'far'),
    far: endTowards('far', 'near'),
    close: () => {
      for (const closing of closings) closing();
    },
    jam: () => {
      isJammed = true;
    },
  };
}

const ADD: Near = { add: ([a, b]) => a + b };

function farAnswers(wait: Promise<string> = Promise.resolve('waited')): Far {
  return {
    double: (value) => Promise.resolve(2 * value),
    fail: (kind) => {
      if (kind === 'ours') throw new PromfedError('bad_data', 'not so');
      if (kind === 'an error') throw new TypeError('no such thing');
      return Promise.reject(new RangeError('too far'));
    },
    wait: () => wait,
  };
}

t.test('each side answers the calls of the other, both ways at once', async (t) => {
  const { near, far } = connect();
  const nearPeer = createPeer<Far, Near>(near, 'the far side', ADD);
  const farPeer = createPeer<Near, Far>(far, 'the near side', farAnswers());
  const calls = [
    ...Array.from({ length: 50 }, (_, i) => nearPeer.call('double', i)),
    ...Array.from({ length: 50 }, (_, i) => farPeer.call('add', [i, 1])),
  ];
  const expected = [
    ...Array.from({ length: 50 }, (_, i) => 2 * i),
    ...Array.from({ length: 50 }, (_, i) => i + 1),
  ];
  t.strictSame(await Promise.all(calls), expected);
});

t.test('answers belong to their calls in any order', async (t) => {
  const { near, far } = connect();
  let release!: (text: string) => void;
  const late = new Promise<string>((resolve) => (release = resolve));
  const peer = createPeer<Far, Near>(near, 'the far side', ADD);
  createPeer<Near, Far>(far, 'the near side', farAnswers(late));
  const first = peer.call('wait', undefined);
  t.equal(await peer.call('double', 4), 8);
  release('at last');
  t.equal(await first, 'at last');
});

t.test('an error of the other side keeps its code and message', async (t) => {
  const { near, far } = connect();
  const peer = createPeer<Far, Near>(near, 'the far side', ADD);
  createPeer<Near, Far>(far, 'the near side', farAnswers());
  await t.rejects(peer.call('fail', 'ours'), { code: 'bad_data', message: 'not so' });
  await t.rejects(peer.call('fail', 'an error'), { code: 'internal', message: 'no such thing' });
  await t.rejects(peer.call('fail', 'late'), { code: 'internal', message: 'too far' });
  t.equal(await peer.call('double', 1), 2, 'the next call is answered');
});

t.test('an answer after the limit is ignored', async (t) => {
  const { near, far } = connect();
  let release!: (text: string) => void;
  const late = new Promise<string>((resolve) => (release = resolve));
  const peer = createPeer<Far, Near>(near, 'the far side', ADD);
  createPeer<Near, Far>(far, 'the near side', farAnswers(late));
  const call = peer.call('wait', undefined, 20);
  await t.rejects(call, { code: 'unavailable', message: 'the far side did not answer within 20 ms' });
  t.ok((await call.catch((thrown: unknown) => thrown)) instanceof NoAnswer);
  release('too late');
  t.equal(await peer.call('double', 3, 5_000), 6);
});

t.test('calls fail at once when the other side ends, and later calls too', async (t) => {
  const { near, far, close } = connect();
  const peer = createPeer<Far, Near>(near, 'the far side', ADD);
  createPeer<Near, Far>(far, 'the near side', farAnswers(new Promise(() => undefined)));
  const waiting = [peer.call('wait', undefined), peer.call('wait', undefined, 60_000)];
  close();
  const calls: Promise<unknown>[] = [...waiting, peer.call('double', 1)];
  for (const call of calls) {
    await t.rejects(call, { code: 'unavailable', message: 'the far side ended before it answered' });
  }
});

t.test('a call that cannot be sent fails', async (t) => {
  const { near, jam } = connect();
  const peer = createPeer<Far, Near>(near, 'the far side', ADD);
  jam();
  await t.rejects(peer.call('double', 1), { message: 'the far side ended before it answered' });
});

t.test('an answer that cannot be sent is dropped', async (t) => {
  const { near, far, jam } = connect();
  let release!: (text: string) => void;
  const late = new Promise<string>((resolve) => (release = resolve));
  const peer = createPeer<Far, Near>(near, 'the far side', ADD);
  createPeer<Near, Far>(far, 'the near side', farAnswers(late));
  const call = peer.call('wait', undefined, 200);
  await new Promise((resolve) => setImmediate(resolve));
  jam();
  release('not delivered');
  await t.rejects(call, { message: 'the far side did not answer within 200 ms' });
});

t.test('an unknown answer is ignored', async (t) => {
  const { near, far } = connect();
  const peer = createPeer<Far, Near>(near, 'the far side', ADD);
  createPeer<Near, Far>(far, 'the near side', farAnswers());
  far.send({ t: 's', i: 'unknown', r: 1 }, () => t.fail('sent'));
  t.equal(await peer.call('double', 2), 4);
});
