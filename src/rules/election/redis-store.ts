// The record in Redis, or in a server with its protocol such as Valkey: one key, replaced by a script.

import type { RedisElectionSettings } from '../../config/index.js';
import { PromfedError } from '../../model/index.js';
import { readTextFileAsync, type Timers } from '../../runtime/index.js';
import { Redactor } from '../../upstreams/index.js';
import type { ElectionStore, RecordSummary, StoredRecord } from './election-store.js';

/** Replaces the value if it is the expected one. An empty text stands for a missing key. */
const REPLACE = `
local current = redis.call('GET', KEYS[1])
if (current or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`;

/** The key of a deployment that has ended is removed after this time. */
const KEY_LIFETIME_MS = 7 * 24 * 3_600_000;

/** The part of the client that the store uses. */
interface Connection {
  sendCommand(args: readonly string[]): Promise<unknown>;
  destroy(): void;
}

/**
 * One connection, which is opened when it is needed, and closed after every failure: a request that is not answered would
 * delay all later ones.
 */
export class RedisStore implements ElectionStore {
  readonly title: string;
  readonly #settings: RedisElectionSettings;
  readonly #timers: Timers;
  readonly #redactor: Redactor;
  #connection: Promise<Connection> | undefined;

  constructor(settings: RedisElectionSettings, timers: Timers) {
    this.#settings = settings;
    this.#timers = timers;
    this.#redactor = new Redactor({ privateKey: settings.tls?.key });
    this.#redactor.addPassword(settings.password?.value ?? '');
    this.title = `redis ${settings.host}:${settings.port}`;
  }

  async read(timeoutMs: number): Promise<StoredRecord> {
    const value = await this.#send(['GET', this.#settings.name], timeoutMs);
    if (value !== null && typeof value !== 'string') throw this.#error('unexpected reply to GET');
    return { text: value ?? undefined, version: value ?? '' };
  }

  async write(text: string, version: string, _summary: RecordSummary, timeoutMs: number): Promise<boolean> {
    const { name } = this.#settings;
    const reply = await this.#send(
      ['EVAL', REPLACE, '1', name, version, text, String(KEY_LIFETIME_MS)],
      timeoutMs,
    );
    return reply === 1;
  }

  async close(): Promise<void> {
    await this.#disconnect();
  }

  async #send(command: readonly string[], timeoutMs: number): Promise<unknown> {
    let cancel: () => void = () => undefined;
    const timeout = new Promise<never>((_, reject) => {
      cancel = this.#timers.schedule(timeoutMs, () => {
        reject(new PromfedError('timeout', `no reply within ${Math.ceil(timeoutMs)} ms`));
      });
    });
    try {
      return await Promise.race([this.#request(command, timeoutMs), timeout]);
    } catch (thrown) {
      void this.#disconnect();
      throw this.#error(thrown instanceof Error ? thrown.message : String(thrown));
    } finally {
      cancel();
    }
  }

  async #request(command: readonly string[], timeoutMs: number): Promise<unknown> {
    this.#connection ??= connect(this.#settings, timeoutMs, this.#redactor);
    const connection = await this.#connection;
    return connection.sendCommand(command);
  }

  async #disconnect(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    try {
      (await connection)?.destroy();
    } catch {
      // It was never open, or is closed already.
    }
  }

  #error(reason: string): PromfedError {
    // Servers that do not know AUTH repeat its arguments.
    return new PromfedError('upstream', `${this.title}: ${this.#redactor.redact(reason)}`);
  }
}

/** @throws Error when the connection cannot be opened. */
async function connect(
  settings: RedisElectionSettings,
  timeoutMs: number,
  redactor: Redactor,
): Promise<Connection> {
  // The library is loaded only where it is used.
  const { createClient } = await import('@redis/client');
  const { host, port, database, tls } = settings;
  const client = createClient({
    RESP: 2,
    database,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    credentialsProvider: {
      type: 'async-credentials-provider',
      credentials: async () => {
        const credentials = await credentialsOf(settings);
        redactor.addPassword(credentials.password ?? '');
        return credentials;
      },
    },
    socket: {
      host,
      port,
      connectTimeout: timeoutMs,
      reconnectStrategy: false,
      ...(tls === undefined
        ? {}
        : {
            tls: true,
            rejectUnauthorized: !tls.insecureSkipVerify,
            servername: tls.serverName ?? host,
            ...(tls.ca === undefined ? {} : { ca: tls.ca }),
            ...(tls.cert === undefined ? {} : { cert: tls.cert }),
            ...(tls.key === undefined ? {} : { key: tls.key }),
            ...(tls.minVersion === undefined ? {} : { minVersion: tls.minVersion }),
            ...(tls.maxVersion === undefined ? {} : { maxVersion: tls.maxVersion }),
          }),
    },
  });
  // Requests in progress fail with the connection; there is nothing else to do.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (thrown) {
    if (client.isOpen) client.destroy();
    throw thrown;
  }
  return client;
}

/** Returns the user and the password. A password in a file is read again for each connection. */
async function credentialsOf({
  username,
  password,
}: RedisElectionSettings): Promise<{ username?: string; password?: string }> {
  if (password === undefined) return {};
  let { value } = password;
  if (password.file !== undefined) {
    const read = await readTextFileAsync(password.file);
    if ('text' in read) value = read.text.trim();
  }
  return { ...(username === undefined ? {} : { username }), password: value };
}
