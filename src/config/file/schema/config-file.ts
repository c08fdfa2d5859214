// The schema of the configuration file: the single source of its keys, types, defaults and checks. The file is
// promxy's: the configuration of Prometheus with a `promxy` section.

import Type, { type TObject } from 'typebox';

import { alerting } from './alerting.js';
import { closed, each, inert, mapOf, string, unsupported } from './keys.js';
import { remoteWrite } from './remote-write.js';
import { rules } from './rules.js';
import { serverGroup } from './server-group.js';

const NO_SCRAPING = 'promfed does not scrape targets or store samples';

/** Source: Prometheus, config/config.go (`GlobalConfig`). */
const SCRAPE_GLOBALS = [
  'scrape_interval',
  'scrape_timeout',
  'scrape_protocols',
  'scrape_failure_log_file',
  'scrape_native_histograms',
  'body_size_limit',
  'sample_limit',
  'target_limit',
  'label_limit',
  'label_name_length_limit',
  'label_value_length_limit',
  'keep_dropped_targets',
  'metric_name_validation_scheme',
  'metric_name_escaping_scheme',
  'convert_classic_histograms_to_nhcb',
  'always_scrape_classic_histograms',
  'extra_scrape_metrics',
] as const;

const global = Type.Object(
  {
    evaluation_interval: string('duration', { default: '1m' }),
    external_labels: mapOf(Type.String(), 'label-name'),
    query_log_file: unsupported(''),
    rule_query_offset: string('duration', { default: '0s' }),
    ...each(SCRAPE_GLOBALS, () => inert(NO_SCRAPING)),
  },
  closed,
);

/** The whole file. */
export const configFileSchema = Type.Object(
  {
    global: Type.Optional(global),
    promxy: Type.Optional(
      Type.Object(
        {
          server_groups: Type.Optional(Type.Array(serverGroup)),
          alert_templates: unsupported(),
        },
        closed,
      ),
    ),
    rule_files: Type.Optional(Type.Array(Type.String({ format: 'rule-files' }))),
    rules: Type.Optional(rules),
    alerting: Type.Optional(alerting),
    remote_write: Type.Optional(Type.Array(remoteWrite)),
    ...each(['scrape_configs', 'scrape_config_files', 'storage', 'otlp'], () => inert(NO_SCRAPING)),
    remote_read: inert('promfed reads only from its server groups'),
    tracing: inert('traces are not exported yet'),
    runtime: inert('it configures the Go runtime, which promfed does not use'),
    tls_server_config: unsupported(),
  },
  closed,
) satisfies TObject;

/** The decoded and checked file. */
export type ConfigFile = Type.Static<typeof configFileSchema>;
