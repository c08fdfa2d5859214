// An explained plan as text: the lines of the plan, with reasons and measurements.

import { Labels } from '../../../model/index.js';
import type { ExplainedNode, ExplainedPart } from './explain-plan.js';
import type { OperatorStats, PartStats } from './run-stats.js';

/**
 * One line for each node, equal to that of `printPlan`, followed by `-- here: …` with the reason why promfed evaluates
 * it, and by the measurements in brackets. Groups that are not queried are listed after those that are. Does not end
 * with a line break.
 */
export function printExplained(root: ExplainedNode): string {
  const lines: string[] = [];
  add(root, '');
  return lines.join('\n');

  function add(node: ExplainedNode, indent: string): void {
    lines.push(`${indent}${node.operator}${reasonText(node)}${operatorStatsText(node.analysis)}`);
    for (const operand of node.operands) add(operand, `${indent}  `);
    for (const part of node.groups ?? []) lines.push(`${indent}  ${partText(part)}`);
    for (const { group, reason } of node.excluded ?? []) {
      lines.push(`${indent}  ${group} is not queried: ${reason}`);
    }
  }
}

function reasonText({ reason }: ExplainedNode): string {
  return reason === undefined ? '' : `  -- here: ${reason}`;
}

function partText({ group, expression, labels, replicated, analysis }: ExplainedPart): string {
  const added = Labels.from(labels);
  const as = added.size === 0 ? '' : ` as ${added.toString()}`;
  return `${group}: ${expression}${as}${replicated ? ', replicas merged' : ''}${partStatsText(analysis)}`;
}

function operatorStatsText(stats: OperatorStats | undefined): string {
  if (stats === undefined) return '';
  const { timeMs, seriesIn, samplesIn, series, samples } = stats;
  const input = seriesIn + samplesIn > 0 ? `${counts(seriesIn, samplesIn)} in, ` : '';
  return `  [${ms(timeMs)}, ${input}${counts(series, samples)} out]`;
}

function partStatsText(stats: PartStats | undefined): string {
  if (stats === undefined) return '';
  const { requests, firstByteMs, endMs, bytes, series, samples, error, warnings } = stats;
  const words = [
    ...(firstByteMs === undefined ? [] : [`first byte at ${ms(firstByteMs)}`]),
    ...(endMs === undefined ? [] : [`end at ${ms(endMs)}`]),
    `${bytes} bytes`,
    counts(series, samples),
    ...(requests === 1 ? [] : [`${requests} requests`]),
    ...(warnings.length === 0 ? [] : [`${warnings.length} warnings`]),
    ...(error === undefined ? [] : [`failed: ${error}`]),
  ];
  return `  [${words.join(', ')}]`;
}

function counts(series: number, samples: number): string {
  return `${series} series, ${samples} samples`;
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}
