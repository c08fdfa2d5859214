// Prints figures with their goals, and writes them to bench/results/ with a description of the environment.

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';

/** One measured value. */
export interface Figure {
  /** The benchmark case. */
  readonly case: string;
  /** Name of the value. */
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  /** Goal: upper bound, inclusive. A figure without a goal is informational. */
  readonly atMost?: number;
  /** Goal: lower bound, inclusive. */
  readonly atLeast?: number;
}

/** Reports whether a figure misses its goal. NaN misses every goal. */
export function isMissed({ value, atMost, atLeast }: Figure): boolean {
  return (atMost !== undefined && !(value <= atMost)) || (atLeast !== undefined && !(value >= atLeast));
}

/** Prints and writes the figures. Returns the path of the written file. */
export function report(name: string, figures: readonly Figure[]): string {
  const header = ['case', 'figure', 'measured', 'goal', ''];
  const rows = figures.map((figure) => [
    figure.case,
    figure.metric,
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
    commit: git('status', '--porcelain') === '' ? commit : `${commit}, with local changes`,
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

/** Returns the output of git; empty without git or a repository. */
function git(...args: readonly string[]): string {
  try {
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}
