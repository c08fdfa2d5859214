// Credential files that change while a group runs: which credentials the region receives.

import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import t, { type Test } from 'tap';

import type { AuthenticationSettings } from '../../../src/config/index.js';
import { NO_LOG, systemClock } from '../../../src/runtime/index.js';
import { createCredentials } from '../../../src/upstreams/http/credentials.js';
import { Redactor } from '../../../src/upstreams/http/redactor.js';
import {
  answers,
  refuses,
  startFaultServer,
  type FaultServer,
} from '../../helpers/upstreams/fault-server.js';
import { ManualTimers } from '../../helpers/runtime/manual-timers.js';
import { bearer, fetchContext, groupSettings, openGroup, success, type OpenGroup } from '../settings.js';
import { until } from '../../helpers/until.js';

const EVERYTHING = { selectors: [], startMs: undefined, endMs: undefined, limit: undefined };
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

interface Setup {
  readonly group: OpenGroup;
  readonly server: FaultServer;
  readonly timers: ManualTimers;
  /** `level message fields`. */
  readonly log: string[];
  /** The Authorization header of one more request. */
  readonly sent: () => Promise<string | undefined>;
  /** Lets the next check of the files happen. */
  readonly check: () => Promise<void>;
}

function folder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'promfed-credentials-'));
  t.teardown(() => {
    rmSync(path, { recursive: true });
  });
  return path;
}

/** @param isWatched false for a group without background work. */
async function setUp(t: Test, authentication: AuthenticationSettings, isWatched = true): Promise<Setup> {
  const server = await startFaultServer(answers(success([])));
  const timers = new ManualTimers();
  const log: string[] = [];
  const line = (level: string) => (fields: object, message: string) => {
    log.push(`${level} ${message} ${JSON.stringify(fields)}`);
  };
  const group = openGroup(groupSettings([server.target], { httpClient: { authentication } }), {
    clock: systemClock,
    version: '1.2.3',
    ...(isWatched
      ? { background: { timers, log: { ...NO_LOG, info: line('info'), warn: line('warn') } } }
      : {}),
  });
  t.teardown(async () => {
    await group.close();
    await server.close();
  });
  return {
    group,
    server,
    timers,
    log,
    sent: async () => {
      await group.labelNames(EVERYTHING, fetchContext());
      return server.requests.at(-1)?.headers.authorization;
    },
    check: async () => {
      await until(() => timers.pending === 2, 'the end of the last check');
      await timers.pass(5000);
      await until(() => timers.pending === 2, 'the end of a check');
    },
  };
}

t.test('a token file that changes is used within seconds, without a restart', async (t) => {
  const file = join(folder(t), 'token');
  writeFileSync(file, 'first\n');
  const { sent, check, log } = await setUp(t, bearer('first', file));
  t.equal(await sent(), 'Bearer first');
  writeFileSync(file, '  second \n');
  t.equal(await sent(), 'Bearer first', 'files are not read for each request');
  await check();
  t.equal(await sent(), 'Bearer second');
  t.strictSame(log, ['info credentials changed {"server_group":"eu"}']);
});

t.test('both parts of basic authentication may come from files', async (t) => {
  const directory = folder(t);
  const username = join(directory, 'username');
  const password = join(directory, 'password');
  writeFileSync(username, 'admin');
  writeFileSync(password, 'one');
  const { sent, check } = await setUp(t, {
    kind: 'basic',
    username: { value: 'admin', file: username },
    password: { value: 'one', file: password },
  });
  t.equal(await sent(), basic('admin:one'));
  writeFileSync(password, 'two');
  await check();
  t.equal(await sent(), basic('admin:two'));
  writeFileSync(username, 'root');
  await check();
  t.equal(await sent(), basic('root:two'));
});

t.test('a file that is older than its configuration is corrected at once', async (t) => {
  const file = join(folder(t), 'token');
  writeFileSync(file, 'newer');
  const { sent, timers } = await setUp(t, bearer('as-loaded', file));
  await timers.pass(0);
  await until(() => timers.pending === 2, 'the first check');
  t.equal(await sent(), 'Bearer newer');
});

t.test('a file that cannot be used keeps the previous value, and is logged once', async (t) => {
  const cases: { name: string; spoil: (file: string) => void; reason: RegExp }[] = [
    { name: 'missing', spoil: unlinkSync, reason: /token does not exist/ },
    {
      name: 'empty, as while it is being written',
      spoil: (file) => {
        writeFileSync(file, '');
      },
      reason: /token is empty/,
    },
    {
      name: 'two lines',
      spoil: (file) => {
        writeFileSync(file, 'a\nb');
      },
      reason: /the credentials contain characters that an HTTP header cannot hold/,
    },
    {
      name: 'not text',
      spoil: (file) => {
        writeFileSync(file, Buffer.from([0xff]));
      },
      reason: /is not valid UTF-8/,
    },
  ];
  for (const { name, spoil, reason } of cases) {
    await t.test(name, async (t) => {
      const file = join(folder(t), 'token');
      writeFileSync(file, 'good');
      const { sent, check, log } = await setUp(t, bearer('good', file));
      await check();
      spoil(file);
      await check();
      await check();
      t.equal(await sent(), 'Bearer good');
      t.equal(log.length, 1, 'logged once');
      t.match(log[0], /^warn credentials not refreshed; using the previous ones {"server_group":"eu",/);
      t.match(log[0], reason);
      writeFileSync(file, 'better');
      await check();
      t.equal(await sent(), 'Bearer better');
      spoil(file);
      await check();
      t.equal(log.length, 3, 'a later failure is logged again');
      t.notMatch(log.join('\n'), /good|better/);
    });
  }
});

t.test('a user name with a colon is not taken over', async (t) => {
  const file = join(folder(t), 'username');
  writeFileSync(file, 'admin');
  const { sent, check, log } = await setUp(t, {
    kind: 'basic',
    username: { value: 'admin', file },
    password: { value: 'p', file: undefined },
  });
  writeFileSync(file, 'a:b');
  await check();
  t.equal(await sent(), basic('admin:p'));
  t.match(log, [/the user name of basic_auth must not contain a colon/]);
});

t.test('after a 401 the file is read at once, and the request sent again if it has changed', async (t) => {
  for (const isWatched of [true, false]) {
    const file = join(folder(t), 'token');
    writeFileSync(file, 'first');
    const { group, server } = await setUp(t, bearer('first', file), isWatched);
    const accepts = (token: string) => {
      server.behave((response, socket, request) => {
        const isRight = request.headers.authorization === `Bearer ${token}`;
        const fault = isRight ? answers(success(['a'])) : refuses(401, 'unauthorized', `no, ${token}`);
        fault(response, socket, request);
      });
    };
    writeFileSync(file, 'second');
    accepts('second');
    const both = await Promise.all([
      group.labelNames(EVERYTHING, fetchContext()),
      group.labelNames(EVERYTHING, fetchContext()),
    ]);
    t.match(both, [{ data: ['a'], warnings: [] }, { data: ['a'] }]);
    t.equal(server.requests.length, 4);

    accepts('third');
    await t.rejects(group.labelNames(EVERYTHING, fetchContext()), { message: /HTTP 401/ });
    t.equal(server.requests.length, 5, 'the file is as before: the request is not sent again');
  }
});

t.test('old and new credentials are hidden in the texts of the region', async (t) => {
  const file = join(folder(t), 'token');
  writeFileSync(file, 'first-token');
  const { group, server, check } = await setUp(t, bearer('first-token', file));
  writeFileSync(file, 'second-token');
  await check();
  server.behave(refuses(500, 'internal', 'got second-token, expected first-token'));
  await t.rejects(group.labelNames(EVERYTHING, fetchContext()), {
    message: /got <secret>, expected <secret>$/,
  });
});

t.test('a closed group reads no files', async (t) => {
  const file = join(folder(t), 'token');
  writeFileSync(file, 'first');
  const { group, timers } = await setUp(t, bearer('first', file));
  await group.close();
  t.equal(timers.pending, 0);
});

t.test('a refresh reads the file again when a check that began before is not over', async (t) => {
  const file = join(folder(t), 'token');
  // The beginning of a write that is not atomic.
  writeFileSync(file, '');
  const credentials = createCredentials({
    owner: { title: 'server group "eu"', fields: {} },
    settings: bearer('first', file),
    redactor: new Redactor({}),
    background: undefined,
  });
  const running = credentials.refresh!();
  await sleep(20);
  writeFileSync(file, 'second\n');
  await credentials.refresh!();
  t.equal(credentials.authorization, 'Bearer second');
  await running;
  writeFileSync(file, 'third\n');
  await Promise.all([credentials.refresh!(), credentials.refresh!()]);
  t.equal(credentials.authorization, 'Bearer third');
});
