// Requests to one target that detect its properties.

import type { Clock } from '../../runtime/index.js';
import { statusCall, type ApiCall } from '../api/api-call.js';
import { documentReader } from '../api/metadata-kinds.js';
import { readTargetMetadata } from '../group/metadata-query.js';
import { RequestScope } from '../http/request-scope.js';
import type { Target } from '../http/target.js';
import type { FetchContext } from '../server-group.js';

/** Size limits of answers. A configuration may have many scrape jobs. */
const MAX_BYTES = { buildinfo: 1 << 20, flags: 1 << 20, config: 16 << 20 };

/** Size limit of an answer that is not read. */
const MAX_PROBE_BYTES = 1 << 20;

export class StatusPages {
  readonly #target: Target;
  readonly #group: string;
  readonly #clock: Clock;

  /** @param group name in errors after the deadline. */
  constructor(target: Target, group: string, clock: Clock) {
    this.#target = target;
    this.#group = group;
    this.#clock = clock;
  }

  /** @throws PromfedError when the target does not answer with JSON, or `parse` throws it. */
  async read<T>(
    name: Parameters<typeof statusCall>[0],
    context: FetchContext,
    parse: (data: unknown) => T,
  ): Promise<T> {
    const scope = RequestScope.open(this.#group, context, this.#clock);
    const maxBytes = MAX_BYTES[name];
    const { data } = await readTargetMetadata(this.#target, scope, statusCall(name), maxBytes, {
      createReader: (hold) => documentReader(hold, maxBytes, parse),
    });
    return data;
  }

  /** Resolves when the headers of a usable answer have arrived. The answer is dropped. */
  async send(call: ApiCall, context: FetchContext): Promise<void> {
    const scope = RequestScope.open(this.#group, context, this.#clock);
    const body = await this.#target.send(call, scope, MAX_PROBE_BYTES);
    body.close();
  }
}
