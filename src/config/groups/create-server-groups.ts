// The server groups of a configuration.

import type { Labels } from '../../model/index.js';
import type { ReadText } from '../../runtime/index.js';
import type { Problem } from '../config-error.js';
import type { PathProblem } from '../file/check.js';
import type { Decoded } from '../file/decode.js';
import type { ServerGroupFile } from '../file/schema/server-group.js';
import { type Path, printPath } from '../file/schema-walk.js';
import type { ServerGroupSettings } from '../settings.js';
import { quote } from '../text/quote.js';
import { createServerGroupSettings } from './server-group-settings.js';

/**
 * Creates the settings of the server groups, with unique names. Groups with an invalid shape are left out, so that the
 * problems of the others are reported too.
 *
 * @param problems receives further problems.
 * @param warnings receives warnings.
 */
export function createServerGroups(
  decoded: Decoded,
  shapeProblems: readonly PathProblem[],
  readText: ReadText,
  problems: Problem[],
  warnings: Problem[],
): ServerGroupSettings[] {
  const { promxy } = decoded.value as { readonly promxy?: { readonly server_groups?: unknown } };
  const entries: unknown = promxy?.server_groups;
  if (!Array.isArray(entries)) return [];
  const invalidGroups = new Set(
    shapeProblems
      .filter(({ path }) => path[0] === 'promxy' && path[1] === 'server_groups')
      .map(({ path }) => Number(path[2])),
  );
  const groups: ServerGroupSettings[] = [];
  const firstByName = new Map<string, number>();
  for (const [i, group] of (entries as ServerGroupFile[]).entries()) {
    const base = ['promxy', 'server_groups', i];
    if (invalidGroups.has(i)) continue;
    const reportTo = (list: Problem[]) => (path: Path, text: string) => {
      const fullPath = [...base, ...path];
      list.push({ position: decoded.positionOf(fullPath, 'key'), text: `${printPath(fullPath)}: ${text}` });
    };
    const settings = createServerGroupSettings(group, {
      readText,
      problem: reportTo(problems),
      warn: reportTo(warnings),
      entriesOf: (map) => decoded.entriesOf(map),
    });
    const first = firstByName.get(settings.name);
    if (first === undefined) {
      if (settings.name !== '') firstByName.set(settings.name, i);
    } else {
      const { line } = decoded.positionOf(['promxy', 'server_groups', first, 'name']);
      reportTo(problems)(['name'], `duplicate name ${quote(settings.name)}; first used on line ${line}`);
    }
    groups.push(settings);
  }
  return nameGroups(groups);
}

/** Gives a unique name to every group without one. */
function nameGroups(groups: readonly ServerGroupSettings[]): ServerGroupSettings[] {
  const used = new Set(groups.map(({ name }) => name));
  const tried = new Map<string, number>();
  return groups.map((group, position) => {
    if (group.name !== '') return group;
    const values = [...commonLabels(group)].map(([, value]) => value).join('/');
    const fallback = group.targets[0]?.address ?? `server_groups[${position}]`;
    const base = (values === '' ? fallback : values).replace(/\p{Cc}/gu, ' ').slice(0, 200);
    let name = base;
    let i = tried.get(base) ?? 1;
    while (used.has(name)) name = `${base}#${++i}`;
    tried.set(base, i);
    used.add(name);
    return { ...group, name };
  });
}

/** The labels of a group and those that all of its targets share. */
function commonLabels({ labels, targets }: ServerGroupSettings): Labels {
  const [first, ...others] = targets.map((target) => target.labels);
  const differing = first
    ?.names()
    .filter((name) => others.some((other) => other.get(name) !== first.get(name)));
  return first === undefined ? labels : first.drop(new Set(differing)).with(labels);
}
