// One entry of `promxy.server_groups`, from the file's words to settings.

import { Labels, type Matcher } from '../../model/index.js';
import { parseConfigDuration } from '../text/parse-duration.js';
import { trySplitHostPort } from '../text/addresses.js';
import { quote } from '../text/quote.js';
import { labelFilterOf, timeRangeOf } from './group-scope.js';
import { createHttpClientSettings, type Reading } from './http-client.js';
import { parseConfigMatchers } from '../text/parse-matchers.js';
import type { ServerGroupFile } from '../file/schema.js';
import type { ServerGroupSettings } from '../settings.js';

const DEFAULT_ANTI_AFFINITY_MS = 10_000;
const DEFAULT_PORTS = { http: 80, https: 443 } as const;

/** What it takes to read a server group. */
export interface GroupReading extends Reading {
  /** Says something about the value at the path that its owner should know. */
  readonly warn: (path: readonly (string | number)[], text: string) => void;
  /** The entries of a mapping, in the file's order. */
  readonly entriesOf: <T>(map: Readonly<Record<string, T>>) => [key: string, value: T][];
}

/**
 * Settings of a group that has the right shape; what is wrong beyond that is reported. The name is the file's, or
 * empty when the file gives none.
 */
export function createServerGroupSettings(
  group: ServerGroupFile,
  reading: GroupReading,
): ServerGroupSettings {
  const { problem, entriesOf } = reading;
  const scheme = group.scheme ?? 'http';
  const httpClient = createHttpClientSettings(group.http_client ?? {}, {
    ...reading,
    problem: (path, text) => {
      problem(['http_client', ...path], text);
    },
  });
  const httpHeaders = pairsOf(entriesOf(group.http_headers ?? {}));
  const ownAuthorization = httpHeaders.find(([name]) => name.toLowerCase() === 'authorization');
  if (ownAuthorization !== undefined && httpClient.authentication !== undefined) {
    problem(
      ['http_headers', ownAuthorization[0]],
      'at most one of http_headers.Authorization and an authentication in http_client must be configured',
    );
  }
  if (group.remote_read_path !== undefined && group.remote_read !== true) {
    reading.warn(['remote_read_path'], 'remote_read_path has no effect without remote_read: true');
  }
  const refresh = group.native_histogram?.metadata_refresh;
  const histogramRefreshMs = Math.ceil(parseConfigDuration(refresh ?? '0'));
  if (histogramRefreshMs > 0 && group.remote_read !== true) {
    reading.warn(
      ['native_histogram', 'metadata_refresh'],
      'metadata_refresh has no effect without remote_read: true, which native histograms are read by',
    );
  }
  const timeoutMs = Math.ceil(parseConfigDuration(group.timeout ?? '0'));
  return {
    name: group.name ?? '',
    labels: labelsOf(group, reading),
    scheme,
    targets: targetsOf(group, DEFAULT_PORTS[scheme], reading),
    pathPrefix: normalizePath(group.path_prefix ?? ''),
    queryParams: pairsOf(entriesOf(group.query_params ?? {})),
    httpHeaders,
    timeoutMs: timeoutMs === 0 ? undefined : timeoutMs,
    ignoreError: group.ignore_error ?? false,
    antiAffinityMs:
      group.anti_affinity === undefined ? DEFAULT_ANTI_AFFINITY_MS : parseConfigDuration(group.anti_affinity),
    semantics: group.semantics,
    alignsRanges: group.align_query_range_with_step ?? false,
    remoteReadPath:
      group.remote_read === true ? normalizePath(group.remote_read_path ?? 'api/v1/read') : undefined,
    histogramRefreshMs: histogramRefreshMs === 0 ? undefined : histogramRefreshMs,
    allowsLossyHistograms: group.native_histogram?.allow_lossy ?? false,
    labelFilter: labelFilterOf(group.label_filter, reading),
    injectMatchers: injectedOf(group),
    timeRange: timeRangeOf(group, reading),
    httpClient,
  };
}

function injectedOf({ inject_matchers: texts = [] }: ServerGroupFile): readonly Matcher[] | undefined {
  return texts.length === 0 ? undefined : texts.flatMap(parseConfigMatchers);
}

/** A path that starts with a slash and ends without one; empty for the root. */
function normalizePath(path: string): string {
  const trimmed = path.replace(/^\/+/, '').replace(/\/+$/, '');
  return trimmed === '' ? '' : `/${trimmed}`;
}

function pairsOf(entries: readonly (readonly [string, readonly string[]])[]): [string, string][] {
  return entries.flatMap(([name, values]) => values.map((value): [string, string] => [name, value]));
}

/**
 * The labels of every series of the group: those of its targets, under those of the group itself.
 *
 * promxy adds the labels of a target to what that target answers. The targets of a group hold the same data, so
 * here they must agree; targets with different labels are different groups.
 *
 * Source: promxy, pkg/servergroup/servergroup.go (`loadTargetGroupMap`).
 */
function labelsOf(group: ServerGroupFile, { problem, entriesOf }: GroupReading): Labels {
  const own = Labels.of(entriesOf(group.labels ?? {}));
  let first: Labels | undefined;
  for (const [i, { labels = {} }] of (group.static_configs ?? []).entries()) {
    for (const name of Object.keys(labels)) {
      // Without relabel_configs they have no effect in promxy, but for __scheme__ and its kind, which overwrite.
      if (name.startsWith('__')) {
        problem(
          ['static_configs', i, 'labels', name],
          `the target label ${quote(name)} has a meaning for relabel_configs only, which are not supported yet`,
        );
      }
    }
    const all = Labels.of(entriesOf(labels)).with(own);
    first ??= all;
    if (!all.equals(first)) {
      problem(
        ['static_configs', i, 'labels'],
        'the targets of one server group have different labels, which is not supported yet: ' +
          'make one server group for each set of labels',
      );
    }
  }
  return first ?? own;
}

function targetsOf(group: ServerGroupFile, defaultPort: number, { problem, warn }: GroupReading): string[] {
  const targets = new Set<string>();
  for (const [i, { targets: written }] of (group.static_configs ?? []).entries()) {
    for (const [j, text] of written.entries()) {
      const parts = trySplitHostPort(text);
      if (parts === undefined) continue;
      const target = `${parts.host}:${parts.port ?? defaultPort}`;
      if (targets.has(target)) {
        warn(['static_configs', i, 'targets', j], `the target ${quote(text)} is given twice and asked once`);
      }
      targets.add(target);
    }
  }
  if (targets.size === 0)
    problem([], 'a server group needs at least one target: static_configs is missing or empty');
  return [...targets];
}
