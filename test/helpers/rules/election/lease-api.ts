// A double of the Lease API of Kubernetes: an object has a resource version, and a replacement needs the current one.

import { createServer as createHttpServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import type { Teardown } from '../../real-servers/server-process.js';

interface Lease {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly resourceVersion: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly holderIdentity: string | null;
    readonly leaseDurationSeconds: number;
    readonly renewTime: string;
    readonly acquireTime: string;
    readonly leaseTransitions: number;
  };
}

export interface LeaseApi {
  readonly url: string;
  readonly port: number;
  /** By `NAMESPACE/NAME`. */
  readonly leases: Map<string, Lease>;
  /** The token that requests need; undefined for none. */
  token: string | undefined;
  /** True to refuse all requests as a role does that does not allow them. */
  isForbidden: boolean;
}

/** @param tls the certificate and its key. Default: without TLS. */
export async function startLeaseApi(
  t: Teardown,
  tls?: { readonly cert: string; readonly key: string },
): Promise<LeaseApi> {
  const leases = new Map<string, Lease>();
  let version = 1000;
  const answer = (method: string, path: string, body: string): [status: number, value: object] => {
    const match = /^\/apis\/coordination\.k8s\.io\/v1\/namespaces\/([^/]+)\/leases(?:\/([^/]+))?$/.exec(path);
    if (match === null) return failure(404, 'the server could not find the requested resource');
    const sent = body === '' ? undefined : (JSON.parse(body) as Lease);
    const name = match[2] ?? sent?.metadata.name ?? '';
    const key = `${match[1]!}/${name}`;
    const current = leases.get(key);
    const store = (lease: Lease): Lease => {
      const problem = problemOf(lease);
      if (problem !== undefined) throw new Error(problem);
      const stored = { ...lease, metadata: { ...lease.metadata, resourceVersion: String(++version) } };
      leases.set(key, stored);
      return stored;
    };
    if (method === 'POST' && match[2] === undefined) {
      return current === undefined ? [201, store(sent!)] : failure(409, `leases "${name}" already exists`);
    }
    if (current === undefined) return failure(404, `leases "${name}" not found`);
    if (method === 'GET') return [200, current];
    if (method !== 'PUT') return failure(405, 'method not allowed');
    if (sent!.metadata.resourceVersion !== current.metadata.resourceVersion) {
      return failure(409, 'the object has been modified; please apply your changes to the latest version');
    }
    return [200, store(sent!)];
  };
  const listener: RequestListener = (request, response) => {
    void bodyOf(request).then((body) => {
      const { authorization } = request.headers;
      const [status, value] =
        api.token !== undefined && authorization !== `Bearer ${api.token}`
          ? failure(401, 'Unauthorized')
          : api.isForbidden
            ? failure(403, 'leases is forbidden')
            : answer(request.method!, request.url!, body);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    });
  };
  const server = tls === undefined ? createHttpServer(listener) : createHttpsServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  const api: LeaseApi = { url, port, leases, token: undefined, isForbidden: false };
  return api;
}

/** Source: Kubernetes, pkg/apis/coordination/validation/validation.go. */
function problemOf({ metadata, spec }: Lease): string | undefined {
  if (metadata.name === '') return 'metadata.name: required';
  if (spec.holderIdentity === '') return 'spec.holderIdentity: must not be empty';
  if (!(spec.leaseDurationSeconds > 0)) return 'spec.leaseDurationSeconds: must be greater than 0';
  if (!(spec.leaseTransitions >= 0)) return 'spec.leaseTransitions: must not be negative';
  for (const time of [spec.renewTime, spec.acquireTime]) {
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(time)) return `not a MicroTime: ${time}`;
  }
  return undefined;
}

function failure(code: number, message: string): [status: number, value: object] {
  return [code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code }];
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
