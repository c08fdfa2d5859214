// The layouts of regions and the times of the union tests.

import type { UnionGroup, UnionTimes } from './prometheus-union.js';
import { withLabels } from '../series/series-set.js';
import { unionSeries, withGap } from './series.js';

export const endMs = Math.floor(Date.now() / 60_000) * 60_000 - 10 * 60_000;
const startMs = endMs - 75 * 60_000;
const MINUTE_MS = 60_000;

export interface UnionCase {
  readonly name: string;
  readonly groupLabels: Readonly<Record<string, readonly string[]>>;
  readonly groups: () => readonly UnionGroup[];
  /** The key `remote_read` of the groups. Default `auto`. */
  readonly remoteRead?: boolean;
}

const series = (region: string, omit: readonly string[] = []): UnionGroup['targets'][number] =>
  unionSeries(region, { startMs, endMs }, omit);
const eu = series('eu');
const us = series('us', ['queue_depth', 'odd']);
const ap = series('ap', ['passing']);
const everything = [...withLabels(eu, { region: 'eu' }), ...withLabels(us, { region: 'us' })];

export const cases: readonly UnionCase[] = [
  {
    name: 'two regions',
    groupLabels: { region: ['eu', 'us'] },
    groups: () => [
      { labels: { region: 'eu' }, targets: [eu] },
      { labels: { region: 'us' }, targets: [us] },
    ],
  },
  {
    name: 'three regions that only two labels together distinguish',
    groupLabels: { region: ['eu', 'us'], tier: ['a', 'b'] },
    groups: () => [
      { labels: { region: 'eu', tier: 'a' }, targets: [eu] },
      { labels: { region: 'eu', tier: 'b' }, targets: [us] },
      { labels: { region: 'us', tier: 'a' }, targets: [ap] },
    ],
  },
  {
    name: 'two regions with remote_read: true',
    groupLabels: { region: ['eu', 'us'] },
    groups: () => [
      { labels: { region: 'eu' }, targets: [eu] },
      { labels: { region: 'us' }, targets: [us] },
    ],
    remoteRead: true,
  },
  {
    name: 'two regions that each of two labels distinguishes',
    groupLabels: { region: ['eu', 'us'], tier: ['a', 'b'] },
    groups: () => [
      { labels: { region: 'eu', tier: 'a' }, targets: [eu] },
      { labels: { region: 'us', tier: 'b' }, targets: [us] },
    ],
  },
  {
    name: 'three regions',
    groupLabels: { region: ['eu', 'us', 'ap'] },
    groups: () => [
      { labels: { region: 'eu' }, targets: [eu] },
      { labels: { region: 'us' }, targets: [us] },
      { labels: { region: 'ap' }, targets: [ap] },
    ],
  },
  {
    name: 'groups of uneven labels',
    groupLabels: { region: ['eu'], zone: ['us'] },
    groups: () => [
      { labels: { region: 'eu' }, targets: [eu] },
      { labels: { zone: 'us' }, targets: [us] },
    ],
  },
  {
    name: 'overlapping groups without labels',
    groupLabels: {},
    groups: () => [
      { labels: {}, targets: [eu.filter(({ labels }) => labels['pod'] !== 'pod-0')] },
      { labels: {}, targets: [eu.filter(({ labels }) => labels['pod'] !== 'pod-2')] },
    ],
  },
  {
    name: 'two views of one region with everything, split by injected matchers',
    groupLabels: { region: ['eu', 'us'] },
    groups: () => [
      {
        labels: {},
        targets: [everything],
        whole: withLabels(eu, { region: 'eu' }),
        inject: ['region="eu"'],
      },
      {
        labels: {},
        targets: [everything],
        whole: withLabels(us, { region: 'us' }),
        inject: ["region=~'u.'", 'region="us"'],
      },
    ],
  },
  {
    name: 'two replicas with gaps, beside a region',
    groupLabels: { region: ['eu', 'us'] },
    groups: () => [
      {
        labels: { region: 'eu' },
        targets: [
          withGap(eu, { fromMs: endMs - 28 * MINUTE_MS, toMs: endMs - 20 * MINUTE_MS }),
          withGap(eu, { fromMs: endMs - 12 * MINUTE_MS, toMs: endMs - 4 * MINUTE_MS }),
        ],
        whole: eu,
      },
      { labels: { region: 'us' }, targets: [us] },
    ],
  },
];

const endS = endMs / 1000;

/** Instant; aligned with the samples; unaligned with samples, minutes and the range; steps beyond lookback. */
export const times: readonly UnionTimes[] = [
  { start: endS, end: endS - 30, step: undefined },
  { start: endS - 1800, end: endS, step: 60 },
  { start: endS - 1793.5, end: endS - 7.25, step: 77 },
  { start: endS - 1800, end: endS - 60, step: 410 },
];
