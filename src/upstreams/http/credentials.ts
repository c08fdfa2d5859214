// The credentials of a server group or of a receiver: values of its settings and contents of files, which may change while promfed runs.

import { setTimeout as sleep } from 'node:timers/promises';

import type { AuthenticationSettings, SecretSettings } from '../../config/index.js';
import { isHeaderValue, PromfedError } from '../../model/index.js';
import { NO_LOG, readTextFileAsync, RefreshLoop } from '../../runtime/index.js';
import type { Background } from '../options.js';
import type { Owner } from './owner.js';
import type { Redactor } from './redactor.js';

/** Interval between two reads of the credential files. */
const CHECK_INTERVAL_MS = 5_000;

/** Delay of a further read, which must confirm a change or a failure: the file may have been half-written. */
const CONFIRM_AFTER_MS = 100;

/** Maximum number of further reads of one check. */
const MAX_CONFIRMATIONS = 5;

/** The current credentials of an owner. */
export interface Credentials {
  /** The value of the Authorization header. A secret. */
  readonly authorization: string;
  /** Reads the credentials again, from the call on. Missing when they cannot change. Never rejects. */
  readonly refresh?: () => Promise<void>;
  /** Ends background work. */
  stop(): void;
}

export interface CredentialOptions {
  readonly owner: Owner;
  readonly settings: AuthenticationSettings;
  /** Receives every value of the Authorization header. */
  readonly redactor: Redactor;
  /** Undefined: files are read again only after a 401. */
  readonly background: Background | undefined;
}

/**
 * Creates the credentials of an owner.
 *
 * @throws PromfedError `bad_data` when the credentials cannot be sent in a header.
 */
export function createCredentials(options: CredentialOptions): Credentials {
  const { owner, settings, redactor } = options;
  const secrets = secretsOf(settings);
  const authorization = authorizationHeader(
    settings,
    secrets.map(({ value }) => value),
  );
  if (!isHeaderValue(authorization)) {
    throw new PromfedError(
      'bad_data',
      `${owner.title}: the credentials contain characters that an HTTP header cannot hold`,
    );
  }
  if (secrets.some(({ file }) => file !== undefined)) return new FileCredentials(options, authorization);
  redactor.add(authorization);
  return { authorization, stop: () => undefined };
}

/**
 * Credentials with at least one part from a file. The files are read again every few seconds and after each 401. When a
 * file is missing, empty or invalid, the previous credentials are kept and a warning is logged once.
 *
 * Prometheus reads the file for every request (prometheus/common, config/http_config.go, `FileSecret`).
 */
class FileCredentials implements Credentials {
  readonly #options: CredentialOptions;
  readonly #loop: RefreshLoop | undefined;
  /** The secrets in use, in the order of `secretsOf`. */
  #values: readonly string[];
  #authorization: string;
  #checking: Promise<void> | undefined;
  /** The check after the running one, which concurrent callers share. */
  #following: Promise<void> | undefined;
  #isFailing = false;
  #isStopped = false;

  constructor(options: CredentialOptions, authorization: string) {
    const { settings, background, redactor } = options;
    this.#options = options;
    this.#values = secretsOf(settings).map(({ value }) => value);
    this.#authorization = authorization;
    redactor.add(authorization);
    this.#loop =
      background &&
      new RefreshLoop({
        // The first check is due at once: a worker may start long after the configuration was loaded.
        intervalMs: CHECK_INTERVAL_MS,
        timers: background.timers,
        refresh: this.refresh,
      });
  }

  get authorization(): string {
    return this.#authorization;
  }

  readonly refresh = (): Promise<void> => {
    if (this.#checking === undefined) return this.#begin();
    // The running check may have read the files before they changed.
    this.#following ??= this.#checking.then(() => {
      this.#following = undefined;
      return this.#begin();
    });
    return this.#following;
  };

  stop(): void {
    this.#isStopped = true;
    this.#loop?.stop();
  }

  #begin(): Promise<void> {
    this.#checking = this.#check().finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  /** Reads the files until two reads agree. If none do, they are still being written: the next check reads them again. */
  async #check(): Promise<void> {
    let previous = await this.#read();
    if ('values' in previous && isEqual(previous.values, this.#values)) {
      this.#isFailing = false;
      return;
    }
    for (let i = 0; i < MAX_CONFIRMATIONS; i++) {
      await sleep(CONFIRM_AFTER_MS);
      const next = await this.#read();
      if (this.#isStopped) return;
      if ('problem' in next) {
        if ('problem' in previous) {
          this.#warn(next.problem);
          return;
        }
      } else if ('values' in previous && isEqual(previous.values, next.values)) {
        this.#use(next.values);
        return;
      }
      previous = next;
    }
  }

  async #read(): Promise<{ readonly values: readonly string[] } | { readonly problem: string }> {
    const { settings } = this.#options;
    const values: string[] = [];
    for (const [i, { file, value }] of secretsOf(settings).entries()) {
      if (file === undefined) {
        values.push(value);
        continue;
      }
      const read = await readTextFileAsync(file);
      if ('problem' in read) return read;
      const text = read.text.trim();
      if (text === '' && this.#values[i] !== '') return { problem: `${file} is empty` };
      values.push(text);
    }
    const problem = tryProblem(settings, values);
    return problem === undefined ? { values } : { problem };
  }

  #use(values: readonly string[]): void {
    const { owner, settings, redactor } = this.#options;
    this.#values = values;
    this.#authorization = authorizationHeader(settings, values);
    this.#isFailing = false;
    redactor.add(this.#authorization);
    this.#log.info(owner.fields, 'credentials changed');
  }

  #warn(problem: string): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.#log.warn(
      { ...this.#options.owner.fields, reason: problem },
      'credentials not refreshed; using the previous ones',
    );
  }

  get #log() {
    return this.#options.background?.log ?? NO_LOG;
  }
}

/** Returns the secrets in a fixed order: user name and password, or the credentials alone. */
function secretsOf(settings: AuthenticationSettings): readonly SecretSettings[] {
  return settings.kind === 'basic' ? [settings.username, settings.password] : [settings.credentials];
}

/** Returns the value of the Authorization header. @param values in the order of `secretsOf`. */
function authorizationHeader(
  settings: AuthenticationSettings,
  [first = '', second = '']: readonly string[],
): string {
  return settings.kind === 'basic'
    ? `Basic ${Buffer.from(`${first}:${second}`, 'utf8').toString('base64')}`
    : `${settings.scheme} ${first}`;
}

/** Returns the reason why values cannot be used, or `undefined`. */
function tryProblem(settings: AuthenticationSettings, values: readonly string[]): string | undefined {
  if (settings.kind === 'basic') {
    return values[0]!.includes(':') ? 'the user name of basic_auth must not contain a colon' : undefined;
  }
  return isHeaderValue(values[0]!)
    ? undefined
    : 'the credentials contain characters that an HTTP header cannot hold';
}

function isEqual(a: readonly string[], b: readonly string[]): boolean {
  return a.every((value, i) => value === b[i]);
}
