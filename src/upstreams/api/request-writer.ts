// What is asked of an API as an HTTP request: a target's own path, headers and parameters around it.

import type { ServerGroupSettings } from '../../config/index.js';
import type { ApiCall } from './api-call.js';
import type { HttpRequest } from '../http/exchange.js';

type Parameters = readonly (readonly [name: string, value: string])[];

/**
 * Writes the requests of one target; what they have in common is made once.
 *
 * @param headers of every request: name0, value0, name1, value1, …
 */
export function requestWriter(
  { queryParams, pathPrefix }: ServerGroupSettings,
  headers: readonly string[],
): (call: ApiCall) => HttpRequest {
  const own = new Set(queryParams.map(([name]) => name));
  const ownInUrl = search(encodeForm(queryParams));
  const postHeaders = [...headers, 'content-type', 'application/x-www-form-urlencoded'];
  /** Servers take the first of a name: what is asked comes before what the user added. */
  const oursOf = ({ asked, tuning }: ApiCall): Parameters =>
    own.size === 0 ? [...asked, ...tuning] : [...asked, ...tuning.filter(([name]) => !own.has(name))];

  return (call) => {
    const { endpoint, method, route, message } = call;
    if (message !== undefined) {
      return {
        endpoint,
        method: 'POST',
        path: `${pathPrefix}${message.path}${ownInUrl}`,
        headers: [...headers, ...message.headers],
        body: message.body,
      };
    }
    const path = `${pathPrefix}/api/v1/${route}`;
    const ours = oursOf(call);
    return method === 'POST'
      ? { endpoint, method, path: `${path}${ownInUrl}`, headers: postHeaders, body: encodeForm(ours) }
      : {
          endpoint,
          method,
          path: `${path}${search(encodeForm([...ours, ...queryParams]))}`,
          headers,
          body: undefined,
        };
  };
}

function search(form: string): string {
  return form === '' ? '' : `?${form}`;
}

function encodeForm(parameters: Parameters): string {
  return new URLSearchParams(parameters.map(([name, value]): [string, string] => [name, value])).toString();
}
