// The flags that size promfed's processes, read before everything else. `parseFlags` reports their problems later.

import { FlagReader } from './flag-reader.js';
import { parseMemory, parseWorkers, type MemoryFlag } from './flag-values.js';
import { readArguments } from './read-arguments.js';

export interface ProcessFlags {
  readonly memory: MemoryFlag;
  /** Undefined for the default. */
  readonly workers: number | undefined;
}

/** Returns the flags of commands that serve; undefined for other commands and for invalid flags. */
export function parseProcessFlags(argv: readonly string[]): ProcessFlags | undefined {
  const problems: string[] = [];
  const { given, positionals } = readArguments(argv, problems);
  const reader = new FlagReader(given, problems);
  const [command] = positionals;
  const isDemo = command === 'demo';
  if (command !== undefined && !isDemo) return undefined;
  if ((['help', 'version', 'check-config'] as const).some((name) => reader.isOn(name))) return undefined;
  const memory = reader.read<MemoryFlag>('memory', parseMemory, { unit: 'share', value: 1 });
  const workers = reader.tryRead('workers', parseWorkers) ?? (isDemo ? 1 : undefined);
  return problems.length > 0 ? undefined : { memory, workers };
}
