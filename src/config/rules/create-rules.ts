// Creates the settings of the section `rules`.

import type { RestoreFromFile, RulesSectionFile } from '../file/schema/rules.js';
import { createSectionClient } from '../http/section-client.js';
import { type Section, type SectionReader, subsection } from '../section-reader.js';
import { parseConfigDuration } from '../text/parse-duration.js';
import { createElectionSettings } from './create-election.js';
import type { RestoreFromSettings, RuleGroupSettings, RulesSettings } from './rule-settings.js';

export function createRulesSettings(
  rules: RulesSectionFile | undefined,
  groups: readonly RuleGroupSettings[],
  reader: SectionReader,
): RulesSettings {
  const section = reader.section(['rules']);
  const hold = reader.hasShape(['rules', 'hold']) ? rules?.hold : undefined;
  const restoreFrom = reader.hasShape(['rules', 'restore_from']) ? rules?.restore_from : undefined;
  const election = reader.hasShape(['rules', 'election']) ? rules?.election : undefined;
  return {
    holdMs: Math.ceil(parseConfigDuration(hold ?? '10m')),
    chainedResults: rules?.chained_results === 'regions' ? 'regions' : 'memory',
    restoreFrom: restoreFrom && restoreFromOf(restoreFrom, subsection(section, ['restore_from'])),
    election: election && createElectionSettings(election, groups, subsection(section, ['election'])),
  };
}

function restoreFromOf(restoreFrom: RestoreFromFile, section: Section): RestoreFromSettings {
  const timeoutMs = Math.ceil(parseConfigDuration(restoreFrom.timeout ?? '30s'));
  const client = createSectionClient(restoreFrom, restoreFrom.url, timeoutMs, section);
  return { ...client, url: client.url.replace(/\/+$/, ''), timeoutMs };
}
