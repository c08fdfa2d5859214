// The text of --help, made from the table of flags.

import { FLAGS, ofAsking, type FlagSpec } from './flag-table.js';

const WIDTH = 100;
const INDENT = 6;

/** What --help prints: every flag with its value, default and meaning, at most 100 characters wide. */
export function helpText(): string {
  const lines = [
    'promfed answers PromQL queries over many Prometheus-compatible regions as if they were one.',
    '',
    'Usage:',
    '  promfed [flags]         serve the regions of a configuration file',
    '  promfed demo [flags]    serve two small regions that run inside of this program',
    '  promfed query [flags] EXPR',
    '                          answer one query, by the regions of a configuration file or at a URL',
    '  promfed explain [flags] EXPR',
    '                          tell how one query is answered: what each region is sent, and why',
    '',
    'Flags, as --flag=value or --flag value; switches as --flag, --no-flag or --flag=false:',
  ];
  for (const [name, spec] of Object.entries<FlagSpec>(FLAGS).filter(([, spec]) => !ofAsking(spec))) {
    lines.push(...flagLines(name, spec));
  }
  lines.push(
    '',
    'Flags of promfed query and explain, which also take --config, --query.max-samples,',
    '--query.lookback-delta, --query.pushdown and --enable-feature. A time is RFC 3339, seconds since',
    'the epoch, or relative to now: now, -1h, -30m.',
    'With --start, --end, --step or --output=chart it is a range query. -- ends the flags: query -- -up',
  );
  for (const [name, spec] of Object.entries<FlagSpec>(FLAGS).filter(([, spec]) => ofAsking(spec))) {
    lines.push(...flagLines(name, spec));
  }
  return lines.join('\n');
}

function flagLines(name: string, spec: FlagSpec): string[] {
  const short = spec.short === undefined ? '' : `-${spec.short}, `;
  const value = spec.value === undefined ? '' : `=<${spec.value}>`;
  const initial = spec.initial === undefined ? '' : ` (default ${spec.initial})`;
  return [`  ${short}--${name}${value}${initial}`, ...wrap(spec.meaning)];
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= WIDTH)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(' '.repeat(INDENT) + word);
  }
  return lines;
}
