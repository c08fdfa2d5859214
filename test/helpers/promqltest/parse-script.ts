// Parser of Prometheus' test scripts: `load`, `load_with_nhcb`, `clear` and `eval`.

import type { Labels } from '../../../src/model/index.js';
import { instantGrid, parseDuration, rangeGrid, type Grid } from '../../../src/model/index.js';
import type { WrittenHistogram } from '../../../src/rules/unit-test/histogram-notation.js';
import { expandSamples, splitSeries } from '../../../src/rules/unit-test/series-notation.js';

import { parseEvalSuffix, tryParseExpectation, type Expectation } from './expectations.js';
import { convertClassic, type ScriptSeries } from './histogram-notation.js';
import type { Item, Row } from './rows.js';

const EVAL =
  /^eval(?:_(?<suffix>\w+))?\s+(?:instant(?:\s+at\s+(?<at>\S+))?|range\s+from\s+(?<from>\S+)\s+to\s+(?<to>\S+)\s+step\s+(?<step>\S+))\s+(?<expr>.*)$/;

/** One `eval` of a script, with the series loaded before it. */
export interface ScriptEval {
  readonly line: number;
  readonly expr: string;
  readonly grid: Grid;
  readonly isInstant: boolean;
  readonly expectations: readonly Expectation[];
  /** The expected rows of values. */
  readonly expected: readonly string[];
  /** Evals without a load or clear between them have the same map. */
  readonly series: ReadonlyMap<string, ScriptSeries>;
}

/** Parses a script and returns its evals in order. @throws Error for an invalid script. */
export function parseScript(script: string): ScriptEval[] {
  const evals: ScriptEval[] = [];
  let series = new Map<string, ScriptSeries>();
  for (const block of blocksOf(script)) {
    const head = block.lines[0]!;
    if (head === 'clear') {
      series = new Map();
    } else if (/^load\b|^load_with_nhcb\b/.test(head)) {
      series = new Map([...series].map(([key, scriptSeries]) => [key, copyOf(scriptSeries)]));
      load(block.lines, series);
    } else if (head.startsWith('eval')) {
      evals.push(parseEval(block, series));
    } else {
      throw new Error(`line ${block.line}: ${head}`);
    }
  }
  return evals;
}

/** Parses rows of values: labels and the samples of each step. */
export function parseRows(lines: readonly string[]): Row[] {
  return lines.map((line) => {
    const { labels, rest } = splitSeries(line);
    return { labels, values: expandSamples(rest) };
  });
}

/** Parses a time or a duration. Returns milliseconds. */
export function timeOf(text: string): number {
  if (text.startsWith('-')) return -timeOf(text.slice(1));
  return /^[0-9.]+$/.test(text) ? Number(text) * 1000 : parseDuration(text);
}

function parseEval(block: Block, series: ReadonlyMap<string, ScriptSeries>): ScriptEval {
  const groups = EVAL.exec(block.lines[0]!)?.groups;
  if (groups === undefined) throw new Error(`line ${block.line}: ${block.lines[0]!}`);
  const { suffix, at, from, to, step, expr } = groups;
  const expectations = suffix === undefined ? [] : [parseEvalSuffix(suffix)];
  const expected: string[] = [];
  for (const line of block.lines.slice(1)) {
    const expectation = tryParseExpectation(line);
    if (expectation === undefined) expected.push(line);
    else expectations.push(expectation);
  }
  return {
    line: block.line,
    expr: expr!,
    grid:
      from === undefined
        ? instantGrid(timeOf(at ?? '0'))
        : rangeGrid(timeOf(from), timeOf(to!), timeOf(step!)),
    isInstant: from === undefined,
    expectations,
    expected,
    series,
  };
}

interface Block {
  readonly line: number;
  readonly lines: readonly string[];
}

function blocksOf(script: string): Block[] {
  const blocks: { line: number; lines: string[] }[] = [];
  let open = false;
  script.split('\n').forEach((raw, i) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) {
      open = false;
    } else if (!open || /^(load|eval|clear)\b/.test(line)) {
      blocks.push({ line: i + 1, lines: [line] });
      open = true;
    } else {
      blocks.at(-1)!.lines.push(line);
    }
  });
  return blocks;
}

function load(lines: readonly string[], into: Map<string, ScriptSeries>): void {
  const [command, intervalText] = lines[0]!.split(/\s+/);
  const intervalMs = parseDuration(intervalText!);
  const loaded = new Map<string, ScriptSeries>();
  /** Start timestamps for the samples of the next line, relative to the sample, in milliseconds. */
  let starts: readonly (number | undefined)[] = [];
  for (const line of lines.slice(1)) {
    const { labels, rest, isStarts } = splitSeries(line);
    if (isStarts) {
      starts = expandStarts(rest);
      continue;
    }
    const target = loaded.get(labels.key) ?? emptySeries(labels);
    loaded.set(labels.key, target);
    expandSamples(rest).forEach((value, i) => {
      if (value === undefined) return;
      const timeMs = i * intervalMs;
      target.samples.set(timeMs, isWritten(value) ? value.histogram : value);
      const start = starts[i];
      if (start !== undefined) target.startsMs.set(timeMs, timeMs + start);
    });
    starts = [];
  }
  const converted = command === 'load_with_nhcb' ? convertClassic(loaded.values()) : [];
  for (const { labels, samples, startsMs } of [...loaded.values(), ...converted]) {
    const target = into.get(labels.key) ?? emptySeries(labels);
    into.set(labels.key, target);
    for (const [timeMs, sample] of samples) target.samples.set(timeMs, sample);
    for (const [timeMs, startMs] of startsMs) target.startsMs.set(timeMs, startMs);
  }
}

function emptySeries(labels: Labels): ScriptSeries {
  return { labels, samples: new Map(), startsMs: new Map() };
}

function copyOf({ labels, samples, startsMs }: ScriptSeries): ScriptSeries {
  return { labels, samples: new Map(samples), startsMs: new Map(startsMs) };
}

const START =
  /^(?:_|(?<value>[+-]?(?:0|(?:[0-9]+[a-z]+)+))(?<delta>[+-](?:[0-9]+[a-z]+)+)?)(?:x(?<times>[0-9]+))?$/;

/** Parses start timestamps relative to their samples, for example `_`, `-1m` or `-30s-1mx4`. */
function expandStarts(text: string): (number | undefined)[] {
  const starts: (number | undefined)[] = [];
  for (const item of text.split(/\s+/)) {
    const match = START.exec(item);
    if (match === null) throw new Error(`invalid start timestamp: ${item}`);
    const { value, delta, times } = match.groups!;
    const count = times === undefined ? 1 : value === undefined ? Number(times) : Number(times) + 1;
    for (let i = 0; i < count; i++) {
      starts.push(value === undefined ? undefined : signedMs(value) + i * signedMs(delta ?? '0'));
    }
  }
  return starts;
}

function signedMs(text: string): number {
  const duration = text.replace(/^[+-]/, '');
  const ms = duration === '0' ? 0 : parseDuration(duration);
  return text.startsWith('-') ? -ms : ms;
}

function isWritten(item: Item): item is WrittenHistogram {
  return typeof item === 'object';
}
