// The declared contents of a server group: `label_filter` and the time ranges.

import { parseConfigDuration } from '../text/parse-duration.js';
import type { LabelFilterFile, ServerGroupFile, TimeRangeFile } from '../file/schema/server-group.js';
import type { LabelFilterSettings, TimeRangeSettings } from '../settings.js';
import type { Section } from '../section-reader.js';
import { GO_ZERO_TIME_MS, parseSignedDuration, tryParseYamlTimestamp } from '../text/parse-time.js';

const DEFAULT_SYNC_INTERVAL_MS = 300_000;

/** The filter of a group; undefined when it filters no label. */
export function labelFilterOf(
  filter: LabelFilterFile | undefined,
  { problem, warn, entriesOf }: Section,
): LabelFilterSettings | undefined {
  if (filter === undefined) return undefined;
  const include = entriesOf(filter.static_labels_include ?? {});
  const exclude = entriesOf(filter.static_labels_exclude ?? {});
  const dynamicLabels = [...new Set(filter.dynamic_labels)];
  const syncIntervalMs = Math.ceil(parseConfigDuration(filter.sync_interval ?? '0'));
  if (syncIntervalMs > 0 && dynamicLabels.length === 0) {
    problem(['label_filter', 'sync_interval'], 'requires dynamic_labels to be set');
  }
  const filtered = new Set([...dynamicLabels, ...include.map(([label]) => label)]);
  for (const [label] of exclude) {
    if (filtered.has(label)) continue;
    warn(
      ['label_filter', 'static_labels_exclude', label],
      'has no effect: the label is neither in static_labels_include nor in dynamic_labels',
    );
  }
  if (filtered.size === 0) return undefined;
  return { dynamicLabels, syncIntervalMs: syncIntervalMs || DEFAULT_SYNC_INTERVAL_MS, include, exclude };
}

/** The time range of a group; undefined without a limit on either side. */
export function timeRangeOf(group: ServerGroupFile, { problem }: Section): TimeRangeSettings | undefined {
  const { absolute_time_range: absolute, relative_time_range: relative } = group;
  if (absolute !== undefined && relative !== undefined) {
    problem(
      ['relative_time_range'],
      'at most one of absolute_time_range and relative_time_range must be configured',
    );
    return undefined;
  }
  const range =
    absolute !== undefined
      ? readRange('absolute', absolute, parseTimestamp)
      : relative !== undefined
        ? readRange('relative', relative, parseSignedDuration)
        : undefined;
  if (range?.startMs === undefined && range?.endMs === undefined) return undefined;
  if (range.startMs !== undefined && range.endMs !== undefined && range.endMs < range.startMs) {
    problem([`${range.kind}_time_range`, 'end'], 'must not be before start');
  }
  return range;
}

function readRange(
  kind: TimeRangeSettings['kind'],
  { start, end, truncate = false }: TimeRangeFile,
  parse: (text: string) => number | undefined,
): TimeRangeSettings {
  const startMs = start === undefined ? undefined : parse(start);
  const endMs = end === undefined ? undefined : parse(end);
  // The times of samples are whole milliseconds.
  return {
    kind,
    startMs: startMs === undefined ? undefined : Math.ceil(startMs),
    endMs: endMs === undefined ? undefined : Math.floor(endMs),
    truncate,
  };
}

/** Returns undefined for Go's zero time. */
function parseTimestamp(text: string): number | undefined {
  const timeMs = tryParseYamlTimestamp(text);
  return timeMs === GO_ZERO_TIME_MS ? undefined : timeMs;
}
