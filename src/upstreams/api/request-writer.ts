// HTTP requests of one target: a call's route and parameters, within the target's path and parameters.

import type { ServerGroupSettings } from '../../config/index.js';
import type { ApiCall } from './api-call.js';
import type { HttpRequest } from '../http/exchange.js';

type Parameters = readonly (readonly [name: string, value: string])[];

/** Shared by requests, so that headers that are derived from them can be shared as well. */
const NO_HEADERS: readonly string[] = [];
const FORM_HEADERS: readonly string[] = ['content-type', 'application/x-www-form-urlencoded'];

/**
 * Returns a function that writes requests.
 *
 * The headers of a request are those that its call needs and those passed with it: name0, value0, name1, value1, …
 */
export function requestWriter({
  queryParams,
  pathPrefix,
}: ServerGroupSettings): (call: ApiCall, headers?: readonly string[]) => HttpRequest {
  const configured = new Set(queryParams.map(([name]) => name));
  const configuredInUrl = search(encodeForm(queryParams));
  /** Servers take the first parameter of a name: those of the call come before the configured ones. */
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
