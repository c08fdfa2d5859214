// Prints what was measured with the goal beside it, and writes it to bench/results/ with what it depends on.

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';

export interface Figure {
  readonly case: string;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** The figure is at most this when the goal is met. A figure without a goal is told for information only. */
  readonly atMost?: number;
  /** The figure is at least this when the goal is met. */
  readonly atLeast?: number;
}

/** Whether a figure has a goal that it does not reach; NaN reaches none. */
export function isMissed({ value, atMost, atLeast }: Figure): boolean {
  return (atMost !== undefined && !(value <= atMost)) || (atLeast !== undefined && !(value >= atLeast));
}

/** Returns the path of the file it wrote. */
export function report(name: string, figures: readonly Figure[]): string {
  const header = ['case', 'figure', 'measured', 'goal', ''];
  const rows = figures.map((figure) => [
    figure.case,
    figure.what,
    `${round(figure.value)} ${figure.unit}`.trim(),
    goalOf(figure),
    goalOf(figure) === '' ? '' : isMissed(figure) ? 'MISSED' : 'met',
  ]);
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  for (const row of [header, widths.map((width) => '-'.repeat(width)), ...rows]) {
    console.log(
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    );
  }

  const commit = git('rev-parse', '--short', 'HEAD') || 'no-commit';
  const environment = {
    commit: git('status', '--porcelain') === '' ? commit : `${commit}, with changes`,
    date: new Date().toISOString(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
  };
  console.log(
    `\ncommit ${environment.commit}, Node ${environment.node}, ${environment.cores} cores (${environment.cpu})`,
  );
  const folder = join(process.cwd(), 'bench/results');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}-${environment.date.replace(/[:.]/g, '-')}.json`);
  writeFileSync(file, `${JSON.stringify({ name, ...environment, figures }, null, 2)}\n`);
  return file;
}

function goalOf({ atMost, atLeast, unit }: Figure): string {
  const bounds = [
    ...(atLeast === undefined ? [] : [`≥ ${round(atLeast)} ${unit}`]),
    ...(atMost === undefined ? [] : [`≤ ${round(atMost)} ${unit}`]),
  ];
  return bounds.map((bound) => bound.trim()).join(', ');
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** Empty where there is no git, or no repository. */
function git(...args: readonly string[]): string {
  try {
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}
