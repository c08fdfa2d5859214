// Hostile cases against promfed in a small container. `npm run hostile` runs all cases, `npm test` the fast ones.

import t from 'tap';

import { prepareWellBehaved, runCase, type Arena } from '../../helpers/hostile/hostile-case.js';
import { runMixed } from '../../helpers/hostile/mixed-run.js';
import { HostileRegions } from '../../helpers/hostile/hostile-regions.js';
import { startHostileServer } from '../../helpers/hostile/hostile-server.js';
import { buildPromfed } from '../../helpers/promfed/process.js';
import { clientCases } from './client-cases.js';
import { computationCases } from './computation-cases.js';
import { queryCases } from './query-cases.js';
import { regionCases } from './region-cases.js';

const runsAll = process.env['PROMFED_HOSTILE'] === 'all';
/** Runs the cases whose names contain this text only. */
const wanted = process.env['PROMFED_HOSTILE_CASE'] ?? '';

const seconds = Number(process.env['PROMFED_HOSTILE_SECONDS'] ?? (runsAll ? 300 : 15));
const selected = [...queryCases(), ...computationCases(), ...clientCases(), ...regionCases()].filter(
  ({ fast, name }) => (fast || runsAll) && name.includes(wanted),
);

t.before(buildPromfed);

t.test('hostile cases', async (t) => {
  const regions = await HostileRegions.start(t);
  prepareWellBehaved(regions);
  let arena: Arena = { regions, server: await startHostileServer(t, regions) };
  for (const one of selected) {
    let problems: readonly string[] = [];
    await t.test(one.name, async (t) => {
      problems = await runCase(t, one, arena);
    });
    if (problems.length === 0) continue;
    // An attack may still go on.
    arena.server.kill();
    arena = { regions, server: await startHostileServer(t, regions) };
  }
});

t.test('all cases at once, next to well-behaved clients', async (t) => {
  const regions = await HostileRegions.start(t);
  prepareWellBehaved(regions);
  const server = await startHostileServer(t, regions);
  await runMixed(t, selected, { regions, server }, seconds);
});
