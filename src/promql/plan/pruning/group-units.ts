// Group units: groups that labels distinguish. Those that overlap are joined to one.

import { Labels } from '../../../model/index.js';
import { areDisjoint, labelsOf, type PlannedGroup } from './planned-group.js';

/** Overlapping groups as one group of a plan. promfed evaluates its expressions from the merged raw samples of the members. */
export interface JoinedGroup extends PlannedGroup {
  /** Two or more groups, in their order. */
  readonly members: readonly PlannedGroup[];
}

export function isJoined(group: PlannedGroup): group is JoinedGroup {
  return 'members' in group;
}

/** The units of one expression. Equal members are the same unit in all of its selectors. */
export class GroupUnits {
  readonly #labels: ReadonlySet<string>;
  readonly #units = new Map<readonly PlannedGroup[], readonly PlannedGroup[]>();
  readonly #joined = new Map<string, JoinedGroup>();

  /** @param labels the names of the labels that any group has. */
  constructor(labels: ReadonlySet<string>) {
    this.#labels = labels;
  }

  /** Returns the groups with overlapping ones joined. The same array when the labels distinguish all groups. */
  of(groups: readonly PlannedGroup[]): readonly PlannedGroup[] {
    if (areDisjoint(groups, this.#labels)) return groups;
    const known = this.#units.get(groups);
    if (known !== undefined) return known;
    const common = labelsOf(groups[0]!)
      .names()
      .filter((name) => groups.every((group) => labelsOf(group).has(name)));
    const byKey = new Map<string, PlannedGroup[]>();
    const names = new Set(common);
    for (const group of groups) {
      const { key } = labelsOf(group).keep(names);
      const equal = byKey.get(key);
      if (equal === undefined) byKey.set(key, [group]);
      else equal.push(group);
    }
    const units = [...byKey.values()].map((equal) => (equal.length === 1 ? equal[0]! : this.#join(equal)));
    this.#units.set(groups, units);
    return units;
  }

  #join(members: readonly PlannedGroup[]): JoinedGroup {
    const name = members.map((member) => member.name).join(' and ');
    const key = JSON.stringify(members.map((member) => member.name));
    let joined = this.#joined.get(key);
    if (joined === undefined) {
      const labels = Labels.of(
        [...labelsOf(members[0]!)].filter(([label, value]) =>
          members.every((member) => labelsOf(member).get(label) === value),
        ),
      );
      this.#joined.set(key, (joined = { name, labels, replicated: false, members }));
    }
    return joined;
  }
}
