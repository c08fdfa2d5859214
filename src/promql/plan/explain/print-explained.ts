// An explained plan as text: the plan's own lines, with what explains them behind.

import { Labels } from '../../../model/index.js';
import type { ExplainedNode, ExplainedPart } from './explain-plan.js';
import type { OperatorStats, PartStats } from './run-stats.js';

/**
 * One node a line, as `printPlan` has it, and behind it `-- here: …` where something was not sent, then in brackets
 * what was measured. Groups that are not asked stand below those that are. Ends without a line break.
 */
export function printExplained(root: ExplainedNode): string {
  const lines: string[] = [];
  add(root, '');
  return lines.join('\n');

  function add(node: ExplainedNode, indent: string): void {
    lines.push(`${indent}${node.operator}${whyHere(node)}${ofOperator(node.analysis)}`);
    for (const operand of node.operands) add(operand, `${indent}  `);
    for (const part of node.groups ?? []) lines.push(`${indent}  ${partText(part)}`);
    for (const { group, reason } of node.irrelevant ?? []) {
      lines.push(`${indent}  ${group} is not asked: ${reason}`);
    }
  }
}

function whyHere({ reason }: ExplainedNode): string {
  return reason === undefined ? '' : `  -- here: ${reason}`;
}

function partText({ group, expression, labels, replicated, analysis }: ExplainedPart): string {
  const added = Labels.from(labels);
  const set = added.size === 0 ? '' : ` as ${added.toString()}`;
  return `${group}: ${expression}${set}${replicated ? ', replicas merged' : ''}${ofPart(analysis)}`;
}

function ofOperator(figures: OperatorStats | undefined): string {
  if (figures === undefined) return '';
  const { timeMs, seriesIn, samplesIn, series, samples } = figures;
  const taken = seriesIn + samplesIn > 0 ? `${counts(seriesIn, samplesIn)} in, ` : '';
  return `  [${ms(timeMs)}, ${taken}${counts(series, samples)} out]`;
}

function ofPart(figures: PartStats | undefined): string {
  if (figures === undefined) return '';
  const { requests, firstByteMs, endMs, bytes, series, samples, error, warnings } = figures;
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
