// Reloading: one revision of something after another, each put into effect or rejected.

import { asPromfedError } from '../model/index.js';
import type { Clock } from './clock.js';
import type { Log } from './log.js';

/** A loaded state of the thing that is reloaded, such as a configuration. */
export interface Revision {
  /** Equal for two revisions that have the same effect. */
  readonly hash: string;
  readonly warnings: readonly string[];
}

export interface ReloaderOptions<Loaded extends Revision> {
  readonly load: () => Promise<Loaded>;
  /**
   * Puts a changed revision into effect, and calls `adopt` to make it the current one. An error before `adopt` keeps
   * the previous revision. An error after it means that the new revision is only partly in effect.
   */
  readonly apply: (next: Loaded, adopt: () => void) => Promise<void> | void;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: {
    configLoaded(hash: string, nowMs: number): void;
    configFailed(): void;
  };
}

/** Holds the current revision. Reloads run one after another. */
export class Reloader<Loaded extends Revision> {
  readonly #options: ReloaderOptions<Loaded>;
  #current: Loaded;
  #lastReload: Promise<void> = Promise.resolve();

  private constructor(first: Loaded, options: ReloaderOptions<Loaded>) {
    this.#options = options;
    this.#current = this.#adopt(first);
  }

  /**
   * Loads the first revision. The caller puts it into effect: `apply` is called for later ones only.
   *
   * @throws the error of `load`.
   */
  static async start<Loaded extends Revision>(options: ReloaderOptions<Loaded>): Promise<Reloader<Loaded>> {
    return new Reloader(await options.load(), options);
  }

  get current(): Loaded {
    return this.#current;
  }

  /**
   * Loads again, after the reloads that were requested before, and applies what changed.
   *
   * @throws the error of `load` or `apply`; it is logged and counted too.
   */
  reload(): Promise<void> {
    this.#lastReload = this.#lastReload.catch(() => undefined).then(() => this.#reloadNow());
    return this.#lastReload;
  }

  async #reloadNow(): Promise<void> {
    const { load, apply, clock, log, metrics } = this.#options;
    const previous = this.#current;
    try {
      const next = await load();
      if (next.hash === previous.hash) {
        log.info({ hash: next.hash }, 'configuration is unchanged');
        metrics.configLoaded(next.hash, clock.now());
        return;
      }
      await apply(next, () => (this.#current = this.#adopt(next)));
      log.info({ hash: next.hash }, 'configuration loaded');
    } catch (thrown) {
      metrics.configFailed();
      const fields = { err: asPromfedError(thrown).message };
      if (this.#current === previous) log.error(fields, 'configuration not loaded; keeping the previous one');
      else log.error(fields, 'configuration loaded by some workers only');
      throw thrown;
    }
  }

  #adopt(revision: Loaded): Loaded {
    const { clock, log, metrics } = this.#options;
    for (const warning of revision.warnings) log.warn({ warning }, 'configuration has a problem');
    metrics.configLoaded(revision.hash, clock.now());
    return revision;
  }
}
