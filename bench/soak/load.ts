// The load of the soak: clients that send checked requests, and reloads of the configuration.

import { setTimeout as sleep } from 'node:timers/promises';

import { Pool } from 'undici';

import type { CheckedRequest } from './checked-requests.js';

const clients = 8;
const reloadIntervalMs = 5_000;
/** Share of requests whose client disconnects early, and the upper bound on the time until then. */
const disconnectShare = 0.1;
const disconnectWithinMs = 60;

/** Results so far. */
export interface LoadCounts {
  correct: number;
  disconnected: number;
  /** A message for each wrong response and each failed request. */
  readonly wrong: string[];
  reloads: number;
  /** A message for each failed reload. */
  readonly failedReloads: string[];
}

/** Sends requests to one promfed and counts their results. */
export class Load {
  readonly counts: LoadCounts = { correct: 0, disconnected: 0, wrong: [], reloads: 0, failedReloads: [] };
  readonly #origin: string;
  readonly #requests: readonly CheckedRequest[];
  readonly #pool: Pool;

  constructor(origin: string, requests: readonly CheckedRequest[]) {
    this.#origin = origin;
    this.#requests = requests;
    this.#pool = new Pool(origin, { connections: clients });
  }

  /** Sends each request once. Throws an Error when a response is wrong, so that a broken build fails early. */
  async checkEachOnce(): Promise<void> {
    for (const request of this.#requests) await this.#send(request, undefined);
    const [wrong] = this.counts.wrong;
    if (wrong !== undefined) throw new Error(`wrong before the load: ${wrong}`);
  }

  /** Sends requests from all clients and reloads the configuration until `endMs`. */
  async run(endMs: number, writeConfig: (version: number) => void): Promise<void> {
    await Promise.all([
      ...Array.from({ length: clients }, (_, i) => this.#keepSending(i, endMs)),
      this.#keepReloading(endMs, writeConfig),
    ]);
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #keepSending(first: number, endMs: number): Promise<void> {
    for (let i = first; Date.now() < endMs; i++) {
      const disconnectAfterMs =
        Math.random() < disconnectShare ? Math.random() * disconnectWithinMs : undefined;
      await this.#send(this.#requests[i % this.#requests.length]!, disconnectAfterMs);
    }
  }

  async #send({ url, check }: CheckedRequest, disconnectAfterMs: number | undefined): Promise<void> {
    const disconnect = new AbortController();
    const timer =
      disconnectAfterMs === undefined
        ? undefined
        : setTimeout(() => {
            disconnect.abort();
          }, disconnectAfterMs);
    try {
      const { signal } = disconnect;
      const { statusCode, body } = await this.#pool.request({ method: 'GET', path: url, signal });
      const parts: Buffer[] = [];
      for await (const part of body) parts.push(part as Buffer);
      check(statusCode, Buffer.concat(parts));
      this.counts.correct++;
    } catch (thrown) {
      if (disconnect.signal.aborted) this.counts.disconnected++;
      else this.counts.wrong.push(`${url}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    } finally {
      clearTimeout(timer);
    }
  }

  async #keepReloading(endMs: number, writeConfig: (version: number) => void): Promise<void> {
    for (let version = 1; Date.now() + reloadIntervalMs < endMs; version++) {
      await sleep(reloadIntervalMs);
      writeConfig(version);
      const response = await fetch(`${this.#origin}/-/reload`, { method: 'POST' });
      const text = await response.text();
      if (response.ok) this.counts.reloads++;
      else this.counts.failedReloads.push(`/-/reload: ${response.status} ${text.slice(0, 300)}`);
    }
  }
}
