// Reads the TAP output of one test file and counts its tests. A test is an innermost `t.test`. The direct assertions of
// a file or an outer test count as one more test. A skip counts at its own level.
import { Parser } from 'tap-parser';

const maxDetailLines = 60;

/**
 * @typedef {{ passed: number, failures: { name: string, detail: string }[], skips: { name: string, reason: string }[] }} Counts
 * @param {string} output the file's stdout
 * @returns {Counts}
 */
export function countTests(output) {
  const root = createNode('');
  const parser = new Parser();
  watch(parser, root);
  parser.once('complete', (results) => {
    root.ok = results.ok;
    if (results.bailout !== false) root.failed.push({ name: `bail out: ${results.bailout}`, detail: '' });
  });
  parser.end(output);
  const counts = { passed: 0, failures: [], skips: [] };
  count(root, [], counts);
  return counts;
}

function createNode(name) {
  return { name, ok: true, children: [], asserted: 0, failed: [], skipped: [] };
}

function watch(parser, node) {
  let open;
  parser.on('child', (childParser) => {
    open = createNode(childParser.name);
    node.children.push(open);
    watch(childParser, open);
  });
  parser.on('assert', (point) => {
    const closed = open?.name === point.name ? open : undefined;
    open = undefined;
    if (point.skip !== false || point.todo !== false) {
      const word = point.skip !== false ? point.skip : point.todo === true ? 'to do' : `to do: ${point.todo}`;
      node.skipped.push({ name: point.name, reason: word === true ? point.name : word });
      if (closed !== undefined) node.children.pop();
    } else if (closed !== undefined) {
      closed.ok = point.ok;
      if (!point.ok) closed.detail = describe(point.diag);
    } else {
      node.asserted++;
      if (!point.ok) node.failed.push({ name: point.name, detail: describe(point.diag) });
    }
  });
}

function count(node, path, counts) {
  const before = counts.failures.length;
  const own = [...path, node.name].filter((part) => part !== '');
  for (const child of node.children) count(child, own, counts);
  for (const { name, reason } of node.skipped)
    counts.skips.push({ name: [...own, name].join(' › '), reason });

  const unexplained = !node.ok && counts.failures.length === before && node.failed.length === 0;
  if (node.failed.length > 0 || unexplained) {
    const detail = node.failed.map((one) => [one.name, one.detail].filter(Boolean).join('\n')).join('\n\n');
    counts.failures.push({ name: own.join(' › '), detail: detail || (node.detail ?? '') });
  } else if (node.asserted > 0 || isEmptyTest(node, path)) {
    counts.passed++;
  }
}

/** Reports whether a test passed without an assertion, such as a property that throws when it fails. */
function isEmptyTest(node, path) {
  const isFile = path.length === 0 && node.name === '';
  return !isFile && node.ok && node.children.length === 0 && node.skipped.length === 0;
}

/** Prints the diagnostics of a failed assertion, the useful parts first. */
function describe(diag) {
  if (diag === undefined || diag === null) return '';
  const { at, diff, stack, source, ...rest } = diag;
  const lines = [];
  if (at?.fileName !== undefined) lines.push(`at ${at.fileName}:${at.lineNumber}`);
  for (const text of [diff, source, stack]) {
    if (typeof text === 'string') lines.push(...text.trimEnd().split('\n'));
  }
  for (const [key, value] of Object.entries(rest)) {
    if (['compare', 'tapCaught'].includes(key)) continue;
    lines.push(`${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  }
  if (lines.length <= maxDetailLines) return lines.join('\n');
  return [...lines.slice(0, maxDetailLines), `… ${lines.length - maxDetailLines} more lines`].join('\n');
}
