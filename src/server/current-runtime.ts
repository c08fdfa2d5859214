// The runtime that answers new requests, replaced when the configuration changes.

import type { LoadedConfig } from '../config/index.js';
import type { Runtime } from './runtime.js';

/** Holds the current runtime, and the previous ones until their last requests have ended. */
export class CurrentRuntime {
  readonly #create: (config: LoadedConfig) => Runtime;
  readonly #graceMs: number;
  readonly #retiring = new Set<Runtime>();
  #current: Runtime;

  /**
   * Creates and starts the first runtime.
   *
   * @param graceMs time after which open requests of a replaced runtime fail.
   * @throws the error of `create`.
   */
  constructor(first: LoadedConfig, create: (config: LoadedConfig) => Runtime, graceMs: number) {
    this.#create = create;
    this.#graceMs = graceMs;
    this.#current = this.#start(first);
  }

  get(): Runtime {
    return this.#current;
  }

  /** Directs new requests to a runtime of the configuration. @throws the error of `create`; the current one is kept. */
  replace(config: LoadedConfig): void {
    const previous = this.#current;
    this.#current = this.#start(config);
    this.#retire(previous).catch(() => undefined); // no request waits for it
  }

  /** Closes all runtimes. Open requests fail. */
  async close(): Promise<void> {
    await Promise.all([this.#current, ...this.#retiring].map((runtime) => runtime.close()));
  }

  #start(config: LoadedConfig): Runtime {
    const runtime = this.#create(config);
    runtime.start();
    return runtime;
  }

  async #retire(runtime: Runtime): Promise<void> {
    this.#retiring.add(runtime);
    await runtime.retire(this.#graceMs);
    this.#retiring.delete(runtime);
  }
}
