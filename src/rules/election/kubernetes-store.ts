// The record in an annotation of a Kubernetes Lease.

import type { KubernetesElectionSettings } from '../../config/index.js';
import { PromfedError } from '../../model/index.js';
import {
  createHttpClient,
  type Background,
  type HttpClient,
  type HttpClientResponse,
} from '../../upstreams/index.js';
import type { ElectionStore, RecordSummary, StoredRecord } from './election-store.js';
import { type Cluster, connectionOf } from './in-cluster.js';
import { isObject } from './is-object.js';

const ANNOTATION = 'promfed.io/rule-election';

/** The largest number of transitions, a 32-bit integer. */
const MAX_TRANSITIONS = 2 ** 31 - 1;

export interface KubernetesStoreOptions {
  /** The cluster in which promfed runs; undefined outside of one. */
  readonly cluster: Cluster | undefined;
  readonly version: string;
  readonly background: Background;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * The spec of the Lease shows people the state of the election. The API server replaces a Lease only if it still has the
 * `resourceVersion` that was read, which makes the write atomic.
 *
 * Source: Kubernetes, API reference of coordination.k8s.io/v1.
 */
export class KubernetesStore implements ElectionStore {
  readonly title: string;
  readonly #name: string;
  readonly #namespace: string;
  readonly #background: Background;
  /** For reading and replacing. */
  readonly #lease: HttpClient;
  /** For creating. */
  readonly #leases: HttpClient;
  /** The Lease that was read last: other clients may have added to its metadata. */
  #last: Json | undefined;

  /** @throws PromfedError `bad_data` when the settings are invalid or a file of the service account cannot be read. */
  constructor(
    settings: KubernetesElectionSettings,
    { cluster, version, background }: KubernetesStoreOptions,
  ) {
    const { url, namespace, httpClient } = connectionOf(settings, cluster);
    this.#name = settings.name;
    this.#namespace = namespace;
    this.#background = background;
    this.title = `lease ${namespace}/${settings.name}`;
    const collection = `${url}/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
    const common = {
      owner: { title: this.title, fields: { store: this.title } },
      settings: httpClient,
      headers: settings.headers,
      version,
      background,
    };
    this.#leases = createHttpClient({ ...common, url: collection });
    this.#lease = createHttpClient({ ...common, url: `${collection}/${settings.name}` });
  }

  async read(timeoutMs: number): Promise<StoredRecord> {
    const response = await this.#lease.send({ method: 'GET', timeoutMs });
    this.#last = undefined;
    if (response.status === 404) return { text: undefined, version: '' };
    if (response.status !== 200) throw this.#error(response);
    const lease = parseObject(response.body);
    const { annotations, resourceVersion } = objectAt(lease, 'metadata');
    if (lease === undefined || typeof resourceVersion !== 'string') {
      throw new PromfedError('upstream', `${this.title}: response is not a Lease`);
    }
    this.#last = lease;
    const text = isObject(annotations) ? annotations[ANNOTATION] : undefined;
    return { text: typeof text === 'string' ? text : undefined, version: resourceVersion };
  }

  async write(text: string, version: string, summary: RecordSummary, timeoutMs: number): Promise<boolean> {
    const body = JSON.stringify(this.#leaseWith(text, version, summary));
    const isNew = version === '';
    const client = isNew ? this.#leases : this.#lease;
    const response = await client.send({
      method: isNew ? 'POST' : 'PUT',
      headers: ['content-type', 'application/json'],
      body,
      timeoutMs,
    });
    const { status } = response;
    // Another replica has created, replaced or deleted it.
    if (status === 409 || (status === 404 && !isNew)) return false;
    if (status !== 200 && status !== 201) throw this.#error(response);
    return true;
  }

  async close(): Promise<void> {
    await Promise.all([this.#lease.close(), this.#leases.close()]);
  }

  #leaseWith(text: string, version: string, { members, leaseMs, transitions }: RecordSummary): object {
    const metadata = objectAt(this.#last, 'metadata');
    const renewTime = new Date(this.#background.timers.now()).toISOString().replace('Z', '000Z');
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        ...metadata,
        name: this.#name,
        namespace: this.#namespace,
        annotations: { ...objectAt(metadata, 'annotations'), [ANNOTATION]: text },
        ...(version === '' ? {} : { resourceVersion: version }),
      },
      spec: {
        acquireTime: renewTime,
        ...objectAt(this.#last, 'spec'),
        // An empty identity is invalid.
        holderIdentity: members.length === 0 ? null : members.join(', '),
        leaseDurationSeconds: Math.ceil(leaseMs / 1000),
        leaseTransitions: Math.min(transitions, MAX_TRANSITIONS),
        renewTime,
      },
    };
  }

  #error({ status, body, text }: HttpClientResponse): PromfedError {
    const { message } = parseObject(body) ?? {};
    const reason = typeof message === 'string' ? message : text;
    const hint = status === 403 ? '; allow get, create and update of leases in a Role' : '';
    return new PromfedError(
      'upstream',
      `${this.title}: HTTP ${status}${reason === '' ? '' : `: ${reason}`}${hint}`,
    );
  }
}

function parseObject(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the member of an object that is an object, or an empty one. */
function objectAt(value: Json | undefined, name: string): Json {
  const member = value?.[name];
  return isObject(member) ? member : {};
}
