// The API server of the cluster in which promfed runs.

import { join } from 'node:path';

import type { HttpClientSettings, KubernetesElectionSettings } from '../../config/index.js';
import { PromfedError } from '../../model/index.js';
import { readTextFile } from '../../runtime/index.js';

export interface Cluster {
  /** Base URL of the API server. */
  readonly apiServer: string;
  /** Folder with the files `token`, `ca.crt` and `namespace` of the pod's service account. */
  readonly serviceAccount: string;
}

export interface Connection {
  /** Base URL without a trailing slash. */
  readonly url: string;
  readonly namespace: string;
  readonly httpClient: HttpClientSettings;
}

/**
 * Returns how the API server is reached. What the settings lack comes from the service account. The token is read again while
 * promfed runs.
 *
 * Source: Kubernetes, "Accessing the Kubernetes API from a Pod".
 *
 * @throws PromfedError `bad_data` when something is missing.
 */
export function connectionOf(
  { apiServer, namespace, httpClient }: KubernetesElectionSettings,
  cluster: Cluster | undefined,
): Connection {
  if (apiServer !== undefined) {
    const own = namespace ?? (cluster && tryRead(cluster, 'namespace'));
    if (own === undefined) throw missing('namespace is not set');
    return { url: apiServer, namespace: own, httpClient };
  }
  if (cluster === undefined) {
    throw missing('promfed does not run in a cluster (KUBERNETES_SERVICE_HOST is not set); set api_server');
  }
  const { tls, authentication } = httpClient;
  return {
    url: cluster.apiServer,
    namespace: namespace ?? read(cluster, 'namespace'),
    httpClient: {
      ...httpClient,
      authentication: authentication ?? {
        kind: 'token',
        scheme: 'Bearer',
        credentials: { value: read(cluster, 'token'), file: join(cluster.serviceAccount, 'token') },
      },
      tls: { ...tls, ca: tls.ca ?? `${read(cluster, 'ca.crt')}\n` },
    },
  };
}

/** @throws PromfedError `bad_data` when the file cannot be read. */
function read({ serviceAccount }: Cluster, name: string): string {
  const file = readTextFile(join(serviceAccount, name));
  if ('problem' in file) throw missing(file.problem);
  return file.text.trim();
}

function tryRead({ serviceAccount }: Cluster, name: string): string | undefined {
  const file = readTextFile(join(serviceAccount, name));
  return 'text' in file ? file.text.trim() : undefined;
}

function missing(reason: string): PromfedError {
  return new PromfedError('bad_data', `rules.election.kubernetes_lease: ${reason}`);
}
