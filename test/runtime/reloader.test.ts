// Reloads: revisions that are applied or rejected, with their log messages and metrics.

import t from 'tap';

import { Reloader, type Revision } from '../../src/runtime/index.js';

interface Setup {
  readonly reloader: Reloader<Revision>;
  /** The next revisions, in order; an error fails the load. */
  readonly next: (Revision | Error)[];
  /** Loads, applications, log messages and metrics in order. */
  readonly events: string[];
}

const revision = (hash: string, ...warnings: string[]): Revision => ({ hash, warnings });

async function setUp(
  apply: (next: Revision, adopt: () => void, events: string[]) => Promise<void> | void = (_next, adopt) => {
    adopt();
  },
): Promise<Setup> {
  const next: (Revision | Error)[] = [revision('one')];
  const events: string[] = [];
  const reloader = await Reloader.start<Revision>({
    load: async () => {
      const loaded = next.shift()!;
      if (loaded instanceof Error) throw loaded;
      return loaded;
    },
    apply: (loaded, adopt) => {
      events.push(`apply ${loaded.hash}`);
      return apply(loaded, adopt, events);
    },
    clock: { now: () => 5 },
    log: {
      info: (fields, message) => events.push(`info: ${message} ${JSON.stringify(fields)}`),
      warn: (fields, message) => events.push(`warn: ${message} ${JSON.stringify(fields)}`),
      error: (fields, message) => events.push(`error: ${message} ${JSON.stringify(fields)}`),
    },
    metrics: {
      configLoaded: (hash, nowMs) => events.push(`loaded ${hash} at ${nowMs}`),
      configFailed: () => events.push('failed'),
    },
  });
  events.length = 0;
  return { reloader, next, events };
}

t.test('a changed revision is applied, and becomes the current one', async (t) => {
  const { reloader, next, events } = await setUp();
  next.push(revision('two', 'odd'));
  await reloader.reload();
  t.equal(reloader.current.hash, 'two');
  t.strictSame(events, [
    'apply two',
    'warn: configuration has a problem {"warning":"odd"}',
    'loaded two at 5',
    'info: configuration loaded {"hash":"two"}',
  ]);
});

t.test('an unchanged revision is not applied', async (t) => {
  const { reloader, next, events } = await setUp();
  next.push(revision('one', 'odd'));
  await reloader.reload();
  t.strictSame(events, ['info: configuration is unchanged {"hash":"one"}', 'loaded one at 5']);
});

t.test('a failure keeps the previous revision', async (t) => {
  const { reloader, next, events } = await setUp((loaded) => {
    throw new Error(`${loaded.hash} cannot be applied`);
  });
  const message = 'error: configuration not loaded; keeping the previous one';
  next.push(new Error('no file'), revision('two'));
  await t.rejects(reloader.reload(), { message: 'no file' });
  await t.rejects(reloader.reload(), { message: 'two cannot be applied' });
  t.equal(reloader.current.hash, 'one');
  t.strictSame(events, [
    'failed',
    `${message} {"err":"no file"}`,
    'apply two',
    'failed',
    `${message} {"err":"two cannot be applied"}`,
  ]);
});

t.test('a failure after the adoption keeps the new revision and is an error too', async (t) => {
  const { reloader, next, events } = await setUp((_loaded, adopt) => {
    adopt();
    throw new Error('one worker is busy');
  });
  next.push(revision('two'));
  await t.rejects(reloader.reload(), { message: 'one worker is busy' });
  t.equal(reloader.current.hash, 'two');
  t.strictSame(events.slice(2), [
    'failed',
    'error: configuration loaded by some workers only {"err":"one worker is busy"}',
  ]);
});

t.test('reloads run one after another, whether the one before fails or not', async (t) => {
  const { reloader, next, events } = await setUp(async (loaded, adopt, events) => {
    await new Promise((resolve) => setImmediate(resolve));
    events.push(`applied ${loaded.hash}`);
    if (loaded.hash === 'two') throw new Error('rejected');
    adopt();
  });
  next.push(revision('two'), revision('three'), revision('three'));
  const results = await Promise.allSettled([reloader.reload(), reloader.reload(), reloader.reload()]);
  t.strictSame(
    results.map(({ status }) => status),
    ['rejected', 'fulfilled', 'fulfilled'],
  );
  t.strictSame(
    events.filter((event) => event.startsWith('appl')),
    ['apply two', 'applied two', 'apply three', 'applied three'],
  );
});

t.test('a first revision that cannot be loaded is an error', async (t) => {
  const ignore = (): void => undefined;
  const started = Reloader.start<Revision>({
    load: () => Promise.reject(new Error('no file')),
    apply: ignore,
    clock: { now: () => 0 },
    log: { info: ignore, warn: ignore, error: ignore },
    metrics: { configLoaded: ignore, configFailed: ignore },
  });
  await t.rejects(started, { message: 'no file' });
});
