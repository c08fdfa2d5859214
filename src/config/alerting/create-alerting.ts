// Creates the settings of the section `alerting`.

import { Labels } from '../../model/index.js';
import type { AlertingFile, AlertmanagerFile } from '../file/schema/alerting.js';
import { createSectionClient } from '../http/section-client.js';
import { createRelabelSettings } from '../relabel-rules.js';
import type { Section, SectionReader } from '../section-reader.js';
import type { TargetSettings } from '../http/http-client-settings.js';
import { parseConfigDuration } from '../text/parse-duration.js';
import { normalizePath } from '../text/normalize-path.js';
import type { AlertingSettings, AlertmanagerSettings } from './alerting-settings.js';

const DEFAULT_TIMEOUT = '10s';

/** Source: Prometheus, config/config.go (`AlertingConfig`). */
export function createAlertingSettings(
  alerting: AlertingFile | undefined,
  reader: SectionReader,
): AlertingSettings {
  const base = ['alerting'];
  const relabel = reader.hasShape([...base, 'alert_relabel_configs'])
    ? createRelabelSettings(alerting?.alert_relabel_configs, 'alert_relabel_configs', reader.section(base))
    : [];
  const entries: unknown = alerting?.alertmanagers;
  const alertmanagers = !Array.isArray(entries)
    ? []
    : (entries as AlertmanagerFile[]).flatMap((entry, i) => {
        const path = [...base, 'alertmanagers', i];
        return reader.hasShape(path) ? [createAlertmanagerSettings(entry, reader.section(path))] : [];
      });
  return { relabel, alertmanagers };
}

function createAlertmanagerSettings(entry: AlertmanagerFile, section: Section): AlertmanagerSettings {
  const timeoutMs = Math.ceil(parseConfigDuration(entry.timeout ?? DEFAULT_TIMEOUT));
  const { headers, httpClient } = createSectionClient(entry, '', timeoutMs, section);
  const targets = (entry.static_configs ?? []).flatMap(({ targets, labels = {} }) =>
    targets.map((address): TargetSettings => ({ address, labels: Labels.of(section.entriesOf(labels)) })),
  );
  if (targets.length === 0) section.warn([], 'no targets; no alerts are sent');
  return {
    scheme: entry.scheme ?? 'http',
    pathPrefix: normalizePath(entry.path_prefix ?? ''),
    timeoutMs,
    targets,
    relabel: createRelabelSettings(entry.relabel_configs, 'relabel_configs', section),
    alertRelabel: createRelabelSettings(entry.alert_relabel_configs, 'alert_relabel_configs', section),
    headers,
    httpClient,
  };
}
