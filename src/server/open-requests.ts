// Counts the open requests of an engine, so that it is closed after the last one.

import type { QueryEngine } from '../federation/index.js';

/** The number of open requests. */
export class OpenRequests {
  #count = 0;
  readonly #onIdle: (() => void)[] = [];

  /** Counts a request until the returned function is called. Further calls of it are ignored. */
  begin(): () => void {
    this.#count++;
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      if (--this.#count === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
    };
  }

  /** Resolves when no request is open. */
  whenIdle(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }
}

/** Wraps an engine. A request is open until it fails or its answer is released. */
export function countRequests(engine: QueryEngine, requests: OpenRequests): QueryEngine {
  const { metadata } = engine;

  async function counted<Answer extends { readonly release?: (() => void) | undefined }>(
    run: () => Promise<Answer>,
  ): Promise<Answer & { release(): void }> {
    const end = requests.begin();
    try {
      const answer = await run();
      const release = (): void => {
        answer.release?.();
        end();
      };
      return { ...answer, release };
    } catch (thrown) {
      end();
      throw thrown;
    }
  }

  return {
    query: (request) => counted(() => engine.query(request)),
    evaluate: (request) => counted(() => engine.evaluate(request)),
    async explain(request) {
      const end = requests.begin();
      try {
        return await engine.explain(request);
      } finally {
        end();
      }
    },
    metadata: {
      series: (request) => counted(() => metadata.series(request)),
      labelNames: (request) => counted(() => metadata.labelNames(request)),
      labelValues: (name, request) => counted(() => metadata.labelValues(name, request)),
      metrics: (metric, request) => counted(() => metadata.metrics(metric, request)),
      rules: (request) => counted(() => metadata.rules(request)),
    },
  };
}
