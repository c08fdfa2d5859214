// An answer as a table of aligned columns.

import type { Answer } from './answer.js';
import { printable, width } from './printable.js';
import { formatUtc } from './format-utc.js';

const NAME = '__name__';
const GAP = '  ';

/**
 * Renders one row for each sample: the metric name, the labels in the order of their names, the time for a matrix, and the
 * value, aligned to the right. Series have the order of the answer. A string or an empty answer is one line.
 */
export function renderTable({ resultType, series }: Answer): string {
  if (resultType === 'string') return `${printable(series[0]!.points[0]!.text)}\n`;
  if (series.length === 0) return 'no data\n';
  const names = [...new Set(series.flatMap(({ labels }) => Object.keys(labels)))].sort(compareNames);
  const withTime = resultType === 'matrix';
  const header = [...names, ...(withTime ? ['TIME'] : []), 'VALUE'].map(printable);
  const rows = [header];
  for (const { labels, points } of series) {
    const cells = names.map((name) => printable(labels[name] ?? ''));
    for (const { timeMs, text } of points) {
      rows.push([...cells, ...(withTime ? [formatUtc(timeMs)] : []), printable(text)]);
    }
  }
  const widths = header.map((_, i) => rows.reduce((widest, row) => Math.max(widest, width(row[i]!)), 0));
  const last = header.length - 1;
  return rows
    .map((row) =>
      row
        .map((cell, i) => {
          const fill = ' '.repeat(widths[i]! - width(cell));
          return i === last ? fill + cell : cell + fill;
        })
        .join(GAP),
    )
    .map((line) => `${line}\n`)
    .join('');
}

function compareNames(a: string, b: string): number {
  if (a === NAME || b === NAME) return a === b ? 0 : a === NAME ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
