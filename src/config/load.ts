// Reads a configuration file: text to settings, or to the list of its problems.

import { open } from 'node:fs/promises';

import { Labels } from '../model/index.js';
import { describeFileError, readTextFile, type ReadText } from '../runtime/index.js';
import { comparePositions, ConfigError, printProblem, type Problem } from './config-error.js';
import { hashOf } from './config-hash.js';
import { checkShape, inertKeys, type PathProblem } from './file/check.js';
import { decode, type Decoded } from './file/decode.js';
import { maskedYaml } from './file/masked-yaml.js';
import type { ConfigFile, ServerGroupFile } from './file/schema.js';
import { type Path, printPath } from './file/schema-walk.js';
import { MAX_FILE_BYTES, parseYaml } from './file/yaml-document.js';
import { overlapWarnings } from './groups/overlap-warnings.js';
import { createServerGroupSettings } from './groups/server-group-settings.js';
import type { ServerGroupSettings, Settings } from './settings.js';
import { parseConfigDuration } from './text/parse-duration.js';
import { quote } from './text/quote.js';

/** A valid configuration. */
export interface LoadedConfig {
  readonly settings: Settings;
  /** Warnings for the operator, `FILE:LINE:COLUMN: TEXT`, in the order of the file. */
  readonly warnings: readonly string[];
  /** The configuration as YAML, with defaults; secrets are `<secret>`. */
  readonly maskedYaml: string;
  /** 64 hexadecimal digits, equal for configurations with the same meaning. */
  readonly hash: string;
}

const DEFAULT_EVALUATION_INTERVAL_MS = 60_000;

const TOO_LARGE = `file is larger than ${MAX_FILE_BYTES / 1024 / 1024} MiB`;

/**
 * Loads a configuration file.
 *
 * @throws ConfigError when the file is unreadable or invalid.
 */
export async function loadConfig(path: string): Promise<LoadedConfig> {
  return parseConfig(await readConfigText(path), path);
}

async function readConfigText(path: string): Promise<string> {
  let bytes: Buffer | undefined;
  try {
    bytes = await tryReadFile(path);
  } catch (error) {
    return failFile(path, `cannot load the configuration: ${describeFileError(path, error)}`);
  }
  if (bytes === undefined) return failFile(path, TOO_LARGE);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return failFile(path, 'file is not valid UTF-8');
  }
}

/** Undefined for a file above the limit. Accepts a pipe such as /dev/stdin, so the size is that of the bytes read. */
async function tryReadFile(path: string): Promise<Buffer | undefined> {
  const file = await open(path, 'r');
  try {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of file.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_FILE_BYTES) return undefined;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } finally {
    await file.close();
  }
}

/** Throws a problem of the file as a whole. */
function failFile(file: string, text: string): never {
  throw new ConfigError(file, [{ position: undefined, text }]);
}

/**
 * Parses the text of a configuration file. An empty text is a configuration without server groups.
 *
 * @param file names the file in messages.
 * @param readText reads the files that the configuration refers to.
 * @throws ConfigError with all problems. No message quotes a secret.
 */
export function parseConfig(text: string, file: string, readText: ReadText = readTextFile): LoadedConfig {
  if (text.length > MAX_FILE_BYTES) failFile(file, TOO_LARGE);
  const decoded = decode(parseYaml(text, file));
  const problems: Problem[] = [...decoded.problems];
  if (decoded.truncated) throw new ConfigError(file, problems);
  const shapeProblems = checkShape(decoded);
  problems.push(...shapeProblems);
  const warnings: Problem[] = inertKeys(decoded);
  const groups = createGroups(decoded, shapeProblems, readText, problems, warnings);
  if (problems.length > 0) throw new ConfigError(file, problems);

  const config = decoded.value as ConfigFile;
  for (const { position, text } of overlapWarnings(groups)) {
    warnings.push({ position: decoded.positionOf(['promxy', 'server_groups', position]), text });
  }
  const settings: Settings = {
    evaluationIntervalMs: evaluationIntervalMs(config),
    externalLabels: Labels.of(decoded.entriesOf(config.global?.external_labels ?? {})),
    serverGroups: groups,
  };
  return {
    settings,
    warnings: warnings
      .sort((a, b) => comparePositions(a.position, b.position))
      .map((warning) => printProblem(file, warning)),
    maskedYaml: maskedYaml(config),
    hash: hashOf(settings, config),
  };
}

/** Creates the groups whose shape is valid, so that one run reports all problems of a file. */
function createGroups(
  decoded: Decoded,
  shapeProblems: readonly PathProblem[],
  readText: ReadText,
  problems: Problem[],
  warnings: Problem[],
): ServerGroupSettings[] {
  const { promxy } = decoded.value as { readonly promxy?: { readonly server_groups?: unknown } };
  const entries: unknown = promxy?.server_groups;
  if (!Array.isArray(entries)) return [];
  const invalidGroups = new Set(
    shapeProblems
      .filter(({ path }) => path[0] === 'promxy' && path[1] === 'server_groups')
      .map(({ path }) => Number(path[2])),
  );
  const groups: ServerGroupSettings[] = [];
  const firstByName = new Map<string, number>();
  for (const [i, group] of (entries as ServerGroupFile[]).entries()) {
    const base = ['promxy', 'server_groups', i];
    if (invalidGroups.has(i)) continue;
    const reportTo = (list: Problem[]) => (path: Path, text: string) => {
      const whole = [...base, ...path];
      list.push({ position: decoded.positionOf(whole, 'key'), text: `${printPath(whole)}: ${text}` });
    };
    const settings = createServerGroupSettings(group, {
      readText,
      problem: reportTo(problems),
      warn: reportTo(warnings),
      entriesOf: (map) => decoded.entriesOf(map),
    });
    const first = settings.name === '' ? undefined : firstByName.get(settings.name);
    if (first !== undefined) {
      const { line } = decoded.positionOf(['promxy', 'server_groups', first, 'name']);
      reportTo(problems)(['name'], `duplicate name ${quote(settings.name)}; first used on line ${line}`);
    }
    firstByName.set(settings.name, i);
    groups.push(settings);
  }
  return nameGroups(groups);
}

/** Gives a unique name to every group without one. */
function nameGroups(groups: readonly ServerGroupSettings[]): ServerGroupSettings[] {
  const used = new Set(groups.map(({ name }) => name));
  const tried = new Map<string, number>();
  return groups.map((group, position) => {
    if (group.name !== '') return group;
    const values = [...commonLabels(group)].map(([, value]) => value).join('/');
    const fallback = group.targets[0]?.address ?? `server_groups[${position}]`;
    const base = (values === '' ? fallback : values).replace(/\p{Cc}/gu, ' ').slice(0, 200);
    let name = base;
    let i = tried.get(base) ?? 1;
    while (used.has(name)) name = `${base}#${++i}`;
    tried.set(base, i);
    used.add(name);
    return { ...group, name };
  });
}

/** The labels of a group and those that all of its targets share. */
function commonLabels({ labels, targets }: ServerGroupSettings): Labels {
  const [first, ...others] = targets.map((target) => target.labels);
  const differing = first
    ?.names()
    .filter((name) => others.some((other) => other.get(name) !== first.get(name)));
  return first === undefined ? labels : first.drop(new Set(differing)).with(labels);
}

/** Zero means the default. Source: Prometheus, config/config.go. */
function evaluationIntervalMs(config: ConfigFile): number {
  const ms = parseConfigDuration(config.global?.evaluation_interval ?? '0');
  return ms === 0 ? DEFAULT_EVALUATION_INTERVAL_MS : Math.ceil(ms);
}
