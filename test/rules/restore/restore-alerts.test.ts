import t from 'tap';

import { Labels } from '../../../src/model/index.js';
import type { ActiveAlert } from '../../../src/rules/alert/active-alert.js';
import { restoreAlerts } from '../../../src/rules/restore/restore-alerts.js';
import type { StoredState } from '../../../src/rules/restore/stored-state.js';

const MINUTE = 60_000;
const NOW = 1_000 * MINUTE;

function alertOf(labels: Readonly<Record<string, string>>): ActiveAlert {
  const parsed = Labels.from(labels);
  return {
    labels: parsed,
    sourceLabels: parsed,
    annotations: [],
    state: 'pending',
    value: 1,
    activeAtMs: NOW,
    firedAtMs: undefined,
    resolvedAtMs: undefined,
    lastSentAtMs: undefined,
    keepFiringSinceMs: undefined,
  };
}

const stateOf = (
  labels: Readonly<Record<string, string>>,
  activeAtMs: number,
  writtenAtMs: number,
): StoredState => ({ labels: Labels.from(labels), activeAtMs, writtenAtMs });

const OPTIONS = {
  nowMs: NOW,
  forMs: 30 * MINUTE,
  gracePeriodMs: 10 * MINUTE,
  externalLabels: Labels.from({ source: 'promfed' }),
  groupLabelNames: new Set(['region']),
};

t.test('the time of an outage does not count, and firing waits for the grace period', async (t) => {
  const cases = [
    {
      name: 'an alert that was firing fires at once',
      activeAtMs: NOW - 60 * MINUTE,
      writtenAtMs: NOW - 10 * MINUTE,
      expected: NOW - 60 * MINUTE,
    },
    {
      name: 'a pending alert continues where it was',
      activeAtMs: NOW - 15 * MINUTE,
      writtenAtMs: NOW - 5 * MINUTE,
      expected: NOW - 10 * MINUTE,
    },
    {
      name: 'an alert that would fire within the grace period fires at its end',
      activeAtMs: NOW - 30 * MINUTE,
      writtenAtMs: NOW - 5 * MINUTE,
      expected: NOW + 10 * MINUTE - 30 * MINUTE,
    },
  ];
  for (const { name, activeAtMs, writtenAtMs, expected } of cases) {
    const alert = alertOf({ alertname: 'A' });
    restoreAlerts([alert], [stateOf({ alertname: 'A' }, activeAtMs, writtenAtMs)], OPTIONS);
    t.equal(alert.activeAtMs, expected, name);
  }
});

t.test('an alert and a series match without external labels and labels of server groups', async (t) => {
  const written = NOW - 5 * MINUTE;
  const active = NOW - 60 * MINUTE;
  const cases = [
    { name: 'equal labels', series: { alertname: 'A', job: 'x' }, restored: true },
    { name: 'an external label', series: { alertname: 'A', job: 'x', source: 'promfed' }, restored: true },
    {
      name: 'another value of an external label',
      series: { alertname: 'A', job: 'x', source: 'b' },
      restored: false,
    },
    {
      name: 'the label of a server group',
      series: { alertname: 'A', job: 'x', region: 'hub' },
      restored: true,
    },
    { name: 'another label', series: { alertname: 'A', job: 'y' }, restored: false },
  ];
  for (const { name, series, restored } of cases) {
    const alert = alertOf({ alertname: 'A', job: 'x' });
    const others = restoreAlerts([alert], [stateOf(series, active, written)], OPTIONS);
    t.equal(others.length, restored ? 0 : 1, name);
    t.equal(alert.activeAtMs, restored ? active : NOW, name);
  }
});

t.test('labels of server groups are compared first', async (t) => {
  const eu = alertOf({ alertname: 'A', region: 'eu' });
  const us = alertOf({ alertname: 'A', region: 'us' });
  const states = [
    stateOf({ alertname: 'A', region: 'eu' }, NOW - 50 * MINUTE, NOW - MINUTE),
    stateOf({ alertname: 'A', region: 'us' }, NOW - 70 * MINUTE, NOW - 2 * MINUTE),
  ];
  restoreAlerts([eu, us], states, OPTIONS);
  t.equal(eu.activeAtMs, NOW - 50 * MINUTE);
  t.equal(us.activeAtMs, NOW - 70 * MINUTE);
});

t.test('the latest of several series counts', async (t) => {
  const alert = alertOf({ alertname: 'A' });
  const states = [
    stateOf({ alertname: 'A', source: 'promfed' }, NOW - 50 * MINUTE, NOW - MINUTE),
    stateOf({ alertname: 'A' }, NOW - 70 * MINUTE, NOW - 2 * MINUTE),
  ];
  restoreAlerts([alert], states, OPTIONS);
  t.equal(alert.activeAtMs, NOW - 50 * MINUTE);
});

t.test('a state that was written a moment ago continues as it is', async (t) => {
  const alert = alertOf({ alertname: 'A' });
  const states = [stateOf({ alertname: 'A' }, NOW - 2 * MINUTE, NOW - MINUTE)];
  restoreAlerts([alert], states, { ...OPTIONS, continueMs: MINUTE });
  t.equal(alert.activeAtMs, NOW - 2 * MINUTE);
  restoreAlerts([alert], states, { ...OPTIONS, continueMs: MINUTE - 1 });
  t.not(alert.activeAtMs, NOW - 2 * MINUTE, 'an older one is shifted by the outage');
});
