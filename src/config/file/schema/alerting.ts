// The section `alerting`.

import Type from 'typebox';

import { httpClientKeys } from './http-client.js';
import { closed, each, mapOf, oneOf, string, unsupported } from './keys.js';
import { relabelRules } from './relabel.js';
import { DISCOVERIES } from './server-group.js';

const staticConfig = Type.Object(
  {
    targets: Type.Array(Type.String({ format: 'alertmanager-target' })),
    labels: mapOf(Type.String(), 'filter-label'),
  },
  closed,
);

/** Source: Prometheus, config/config.go (`AlertmanagerConfig`). */
const alertmanager = Type.Object(
  {
    scheme: oneOf(['http', 'https'], 'http'),
    path_prefix: string('path-prefix', { default: '' }),
    timeout: string('positive-duration', { default: '10s' }),
    api_version: oneOf(['v2'], 'v2'),
    static_configs: Type.Optional(Type.Array(staticConfig)),
    ...each(DISCOVERIES, () => unsupported([])),
    relabel_configs: relabelRules,
    alert_relabel_configs: relabelRules,
    ...httpClientKeys,
    sigv4: unsupported(),
  },
  closed,
);

/** Source: Prometheus, config/config.go (`AlertingConfig`). */
export const alerting = Type.Object(
  { alert_relabel_configs: relabelRules, alertmanagers: Type.Optional(Type.Array(alertmanager)) },
  closed,
);

export type AlertingFile = Type.Static<typeof alerting>;
export type AlertmanagerFile = Type.Static<typeof alertmanager>;
