// Converts API calls to HTTP requests of a server group: adds its path prefix and its `query_params`.

import type { ServerGroupSettings } from '../../config/index.js';
import type { ApiCall } from './api-call.js';
import type { HttpRequest } from '../http/exchange.js';

type Parameters = readonly (readonly [name: string, value: string])[];

/** Arrays shared by all requests, so that headers derived from them are computed once (`memoizeLast`). */
const NO_HEADERS: readonly string[] = [];
const FORM_HEADERS: readonly string[] = ['content-type', 'application/x-www-form-urlencoded'];

/**
 * Creates the function that converts a call to a request. Its second argument are headers in addition to those of the
 * call: name0, value0, name1, value1, …
 */
export function requestWriter({
  queryParams,
  pathPrefix,
}: ServerGroupSettings): (call: ApiCall, headers?: readonly string[]) => HttpRequest {
  const configured = new Set(queryParams.map(([name]) => name));
  const configuredInUrl = search(encodeForm(queryParams));
  // Servers use the first parameter of a name, so the parameters of the call precede the configured ones.
  const parametersOf = ({ parameters, defaults }: ApiCall): Parameters =>
    configured.size === 0
      ? [...parameters, ...defaults]
      : [...parameters, ...defaults.filter(([name]) => !configured.has(name))];

  return (call, headers) => {
    const { endpoint, method, route, message } = call;
    if (message !== undefined) {
      return {
        endpoint,
        method: 'POST',
        path: `${pathPrefix}${message.path}${configuredInUrl}`,
        headers: joined(message.headers, headers),
        body: message.body,
      };
    }
    const path = `${pathPrefix}/api/v1/${route}`;
    const parameters = parametersOf(call);
    return method === 'POST'
      ? {
          endpoint,
          method,
          path: `${path}${configuredInUrl}`,
          headers: joined(FORM_HEADERS, headers),
          body: encodeForm(parameters),
        }
      : {
          endpoint,
          method,
          path: `${path}${search(encodeForm([...parameters, ...queryParams]))}`,
          headers: joined(NO_HEADERS, headers),
          body: undefined,
        };
  };
}

function joined(shared: readonly string[], headers: readonly string[] | undefined): readonly string[] {
  return headers === undefined || headers.length === 0 ? shared : [...shared, ...headers];
}

function search(form: string): string {
  return form === '' ? '' : `?${form}`;
}

function encodeForm(parameters: Parameters): string {
  return new URLSearchParams(parameters.map(([name, value]): [string, string] => [name, value])).toString();
}
