// The text of --help, generated from the table of flags.

import { FLAGS, isCommandFlag, isQueryFlag, isRuleFlag, type FlagSpec } from './flag-table.js';

const WIDTH = 100;
const INDENT = 6;

const USAGE = `Answers PromQL queries over many Prometheus-compatible regions as if they were one.

Usage:
  promfed [flags]         Serve the regions of a configuration file.
  promfed demo [flags]    Serve two small regions that run within this process.
  promfed query [flags] EXPR
                          Run one query, on the regions of a configuration file or on a URL.
  promfed explain [flags] EXPR
                          Show how one query is answered: what each region is sent, and why.
  promfed check rules FILES
                          Check rule files.
  promfed test rules FILES
                          Run unit tests of rules, in the format of promtool.
  promfed backfill [flags] [FILES]
                          Evaluate recording rules over the past, into remote_write.

Flags (--flag=value or --flag value; switches: --flag, --no-flag or --flag=false):`;

const QUERY_USAGE = `
Flags of promfed query and promfed explain, which also accept --config, --query.max-samples,
--query.max-requests, --query.lookback-delta, --query.pushdown and --enable-feature. A time is
RFC 3339, seconds since the epoch, or relative to now: now, -1h, +30m. --start, --end, --step or
--output=chart make a range query. -- ends the flags: promfed query -- -up`;

const BACKFILL_USAGE = `
Flags of promfed backfill, which also accepts --config, --start, --end, --timeout and the flags of
queries. FILES replace the rule_files of the configuration:`;

const RULES_USAGE = `
Flags of promfed check rules and promfed test rules, which also accept --enable-feature:`;

/** Every flag with its value, default and help, at most 100 characters wide. */
export function helpText(): string {
  const flags = Object.entries<FlagSpec>(FLAGS);
  return [
    USAGE,
    ...flags.filter(([, spec]) => !isCommandFlag(spec)).flatMap(flagLines),
    QUERY_USAGE,
    ...flags.filter(([, spec]) => isQueryFlag(spec)).flatMap(flagLines),
    BACKFILL_USAGE,
    ...flags.filter(([, spec]) => spec.scope === 'backfill').flatMap(flagLines),
    RULES_USAGE,
    ...flags.filter(([, spec]) => isRuleFlag(spec)).flatMap(flagLines),
  ].join('\n');
}

function flagLines([name, spec]: [string, FlagSpec]): string[] {
  const short = spec.short === undefined ? '' : `-${spec.short}, `;
  const value = spec.value === undefined ? '' : `=<${spec.value}>`;
  const defaultText = spec.default === undefined ? '' : ` (default ${spec.default})`;
  return [`  ${short}--${name}${value}${defaultText}`, ...wrap(spec.help)];
}

/** Indented lines of at most WIDTH characters, broken at spaces. */
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
