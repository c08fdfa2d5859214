// URLs of Alertmanagers from targets, as Prometheus derives them.

import t from 'tap';

import { Labels, Relabeler, type RelabelSettings } from '../../../src/model/index.js';
import { alertmanagerUrls } from '../../../src/rules/notify/alertmanager-urls.js';
import { relabelRule } from './settings.js';

interface Case {
  readonly name: string;
  readonly scheme?: 'http' | 'https';
  readonly pathPrefix?: string;
  readonly addresses?: readonly string[];
  readonly labels?: Record<string, string>;
  readonly relabel?: readonly Partial<RelabelSettings>[];
  readonly active?: readonly string[];
  readonly dropped?: readonly string[];
  readonly invalid?: readonly string[];
}

const CASES: readonly Case[] = [
  { name: 'a host and a port', active: ['http://am:9093/api/v2/alerts'] },
  {
    name: 'https and a path prefix',
    scheme: 'https',
    pathPrefix: '/a b/100%',
    active: ['https://am:9093/a%20b/100%25/api/v2/alerts'],
  },
  {
    name: 'a host without a port, the default port, an IPv6 address',
    addresses: ['am', 'am:80', '[::1]:9093'],
    active: ['http://am/api/v2/alerts', 'http://am:80/api/v2/alerts', 'http://[::1]:9093/api/v2/alerts'],
  },
  {
    name: 'equal targets',
    addresses: ['am:9093', 'other:9093', 'am:9093'],
    active: ['http://am:9093/api/v2/alerts', 'http://other:9093/api/v2/alerts'],
  },
  {
    name: 'labels of static_configs that override scheme and path',
    labels: { __scheme__: 'https', __alerts_path__: '/v2', __address__: 'ignored:1' },
    active: ['https://am:9093/v2'],
  },
  {
    name: 'relabel_configs that keep some targets',
    addresses: ['am-0:9093', 'am-1:9093'],
    relabel: [{ action: 'keep', sourceLabels: ['__address__'], regex: 'am-1:.*' }],
    active: ['http://am-1:9093/api/v2/alerts'],
    dropped: ['http://am-0:9093/api/v2/alerts'],
  },
  {
    name: 'a dropped target, with its URL before relabelling',
    relabel: [{ targetLabel: '__address__', replacement: 'changed:1' }, { action: 'drop' }],
    dropped: ['http://am:9093/api/v2/alerts'],
  },
  {
    name: 'relabel_configs that change every part',
    labels: { zone: 'eu' },
    relabel: [
      { sourceLabels: ['zone'], targetLabel: '__address__', replacement: '$1.example:1234' },
      { targetLabel: '__scheme__', replacement: 'https' },
      { targetLabel: '__alerts_path__', replacement: 'x?y' },
    ],
    active: ['https://eu.example:1234/x%3Fy'],
  },
  {
    name: 'targets that become equal',
    addresses: ['am-0:9093', 'am-1:9093'],
    relabel: [{ targetLabel: '__address__', replacement: 'balancer:9093' }],
    active: ['http://balancer:9093/api/v2/alerts'],
  },
  {
    name: 'invalid addresses beside a valid one',
    addresses: ['http://am:9093', 'user:secret@am:9093', '', 'am:9093', 'am:x'],
    active: ['http://am:9093/api/v2/alerts'],
    invalid: [
      'http://http://am:9093/api/v2/alerts',
      'http://am:9093/api/v2/alerts',
      'http:///api/v2/alerts',
      'http://am:x/api/v2/alerts',
    ],
  },
  {
    name: 'an unsupported scheme',
    labels: { __scheme__: 'unix' },
    invalid: ['unix://am:9093/api/v2/alerts'],
  },
];

for (const { name, active = [], dropped = [], invalid = [], ...input } of CASES) {
  t.test(name, (t) => {
    const { scheme = 'http', pathPrefix = '', addresses = ['am:9093'], labels = {}, relabel = [] } = input;
    const targets = addresses.map((address) => ({ address, labels: Labels.from(labels) }));
    const relabeler = new Relabeler(relabel.map(relabelRule));
    t.strictSame(alertmanagerUrls({ scheme, pathPrefix }, relabeler, targets), { active, dropped, invalid });
    t.end();
  });
}
