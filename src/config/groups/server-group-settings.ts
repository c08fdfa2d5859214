// The settings of one entry of `promxy.server_groups`.

import { Labels, type Matcher } from '../../model/index.js';
import { parseConfigDuration } from '../text/parse-duration.js';
import { trySplitHostPort } from '../text/addresses.js';
import { parseRemoteRead } from '../text/parse-remote-read.js';
import { quote } from '../text/quote.js';
import { labelFilterOf, timeRangeOf } from './group-scope.js';
import { createHttpClientSettings } from '../http/http-client.js';
import { normalizePath } from '../text/normalize-path.js';
import type { Section } from '../section-reader.js';
import { parseConfigMatchers } from '../text/parse-matchers.js';
import type { ServerGroupFile } from '../file/schema/server-group.js';
import type { AntiAffinitySettings, ServerGroupSettings } from '../settings.js';
import type { TargetSettings } from '../http/http-client-settings.js';

/** Source: promxy, pkg/servergroup/config.go (`DefaultConfig`). */
const DEFAULT_ANTI_AFFINITY = '10s';
const DEFAULT_PORTS = { http: 80, https: 443 } as const;

/** Creates the settings of a group with a valid shape. Other problems are reported. A missing name is empty. */
export function createServerGroupSettings(group: ServerGroupFile, section: Section): ServerGroupSettings {
  const { problem, entriesOf } = section;
  const scheme = group.scheme ?? 'http';
  const httpClient = createHttpClientSettings(group.http_client ?? {}, {
    ...section,
    problem: (path, text) => {
      problem(['http_client', ...path], text);
    },
  });
  const httpHeaders = pairsOf(entriesOf(group.http_headers ?? {}));
  const ownAuthorization = httpHeaders.find(([name]) => name.toLowerCase() === 'authorization');
  if (ownAuthorization !== undefined && httpClient.authentication !== undefined) {
    problem(
      ['http_headers', ownAuthorization[0]],
      'at most one of http_headers.Authorization and an authentication method of http_client must be configured',
    );
  }
  const remoteRead = parseRemoteRead(group.remote_read ?? 'auto');
  if (group.remote_read_path !== undefined && remoteRead === 'never') {
    section.warn(['remote_read_path'], 'has no effect with remote_read: false');
  }
  const refresh = group.native_histogram?.metadata_refresh;
  const histogramRefreshMs = Math.ceil(parseConfigDuration(refresh ?? '0'));
  if (histogramRefreshMs > 0 && remoteRead === 'never') {
    section.warn(
      ['native_histogram', 'metadata_refresh'],
      'has no effect with remote_read: false, because native histograms are read by remote read',
    );
  }
  const timeoutMs = Math.ceil(parseConfigDuration(group.timeout ?? '0'));
  return {
    name: group.name ?? '',
    labels: Labels.of(entriesOf(group.labels ?? {})),
    scheme,
    targets: targetsOf(group, DEFAULT_PORTS[scheme], section),
    pathPrefix: normalizePath(group.path_prefix ?? ''),
    queryParams: pairsOf(entriesOf(group.query_params ?? {})),
    httpHeaders,
    timeoutMs: timeoutMs === 0 ? undefined : timeoutMs,
    ignoreError: group.ignore_error ?? false,
    antiAffinity: antiAffinityOf(group),
    semantics: group.semantics,
    alignsRanges: group.align_query_range_with_step ?? false,
    remoteRead,
    remoteReadPath: normalizePath(group.remote_read_path ?? 'api/v1/read'),
    histogramRefreshMs: histogramRefreshMs === 0 ? undefined : histogramRefreshMs,
    allowsLossyHistograms: group.native_histogram?.allow_lossy ?? false,
    labelFilter: labelFilterOf(group.label_filter, section),
    injectMatchers: injectMatchersOf(group),
    timeRange: timeRangeOf(group, section),
    httpClient,
  };
}

function antiAffinityOf(group: ServerGroupFile): AntiAffinitySettings | undefined {
  const { anti_affinity: buffer, anti_affinity_dynamic: isDynamic = false } = group;
  if (buffer === undefined && !isDynamic) return undefined;
  return { bufferMs: parseConfigDuration(buffer ?? DEFAULT_ANTI_AFFINITY), isDynamic };
}

function injectMatchersOf({ inject_matchers: texts = [] }: ServerGroupFile): readonly Matcher[] | undefined {
  return texts.length === 0 ? undefined : texts.flatMap(parseConfigMatchers);
}

function pairsOf(entries: readonly (readonly [string, readonly string[]])[]): [string, string][] {
  return entries.flatMap(([name, values]) => values.map((value): [string, string] => [name, value]));
}

/** The targets of `static_configs`, in the order of the file. */
function targetsOf(
  group: ServerGroupFile,
  defaultPort: number,
  { problem, warn, entriesOf }: Section,
): TargetSettings[] {
  const own = Labels.of(entriesOf(group.labels ?? {}));
  const targets = new Map<string, TargetSettings>();
  for (const [i, { targets: texts, labels: entries = {} }] of (group.static_configs ?? []).entries()) {
    for (const name of Object.keys(entries)) {
      // promxy applies __scheme__, __path_prefix__ and the like even without relabel_configs.
      if (!name.startsWith('__')) continue;
      problem(
        ['static_configs', i, 'labels', name],
        'labels with this prefix are for relabel_configs, which are not supported yet',
      );
    }
    const labels = Labels.of(entriesOf(entries));
    for (const [j, text] of texts.entries()) {
      const parts = trySplitHostPort(text);
      if (parts === undefined) continue;
      const address = `${parts.host}:${parts.port ?? defaultPort}`;
      const key = `${address} ${labels.with(own).key}`;
      if (targets.has(key)) {
        warn(['static_configs', i, 'targets', j], `duplicate target ${quote(text)}; it is queried once`);
      } else {
        targets.set(key, { address, labels });
      }
    }
  }
  if (targets.size === 0) warn([], 'no targets; queries that need this server group fail');
  return [...targets.values()];
}
