// Metrics of the election between replicas.

import { Counter, Gauge, type Registry } from 'prom-client';

import type { ElectionMetrics } from '../rules/index.js';

export function addElectionMetrics(registers: Registry[]): ElectionMetrics {
  const gauge = (name: string, help: string): Gauge =>
    new Gauge({ name: `promfed_rule_election_${name}`, help, registers });
  const isValid = gauge('lease_valid', '1 while this replica may evaluate its rule groups.');
  const members = gauge('members', 'Replicas that share the rule groups, this one included.');
  const ownGroups = gauge('groups', 'Rule groups that this replica evaluates.');
  const without = gauge('groups_without_owner', 'Rule groups that no replica evaluates.');
  const renewals = new Counter({
    name: 'promfed_rule_election_renewals_total',
    help: 'Attempts to renew the leases of this replica, by result.',
    labelNames: ['result'] as const,
    registers,
  });
  const changes = new Counter({
    name: 'promfed_rule_election_group_changes_total',
    help: 'Rule groups that this replica gained or lost.',
    labelNames: ['change'] as const,
    registers,
  });
  for (const result of ['written', 'conflict', 'failed'] as const) renewals.inc({ result }, 0);
  for (const change of ['gained', 'lost'] as const) changes.inc({ change }, 0);
  return {
    state(state) {
      isValid.set(state.isValid ? 1 : 0);
      members.set(state.members);
      ownGroups.set(state.ownGroups);
      without.set(state.groupsWithoutOwner);
    },
    renewed(result) {
      renewals.inc({ result });
    },
    changed(change, groups) {
      changes.inc({ change }, groups);
    },
  };
}
