// A remote writer with a receiver in memory and timers that the test moves.

import type { Test } from 'tap';

import { Labels } from '../../../src/model/index.js';
import type { Log } from '../../../src/runtime/index.js';
import type { OutgoingSample } from '../../../src/rules/ports.js';
import {
  createRemoteWriter,
  type RemoteWriter,
  type RemoteWriterOptions,
} from '../../../src/rules/remote-write/index.js';
import { ManualTimers } from '../runtime/manual-timers.js';
import { MemoryReceiver } from './receiver.js';
import { RecordingMetrics } from './recording-metrics.js';
import { remoteWriteSettings, type RemoteWriteOverrides } from './settings.js';

export interface WriterSetup {
  readonly writer: RemoteWriter;
  readonly receiver: MemoryReceiver;
  readonly timers: ManualTimers;
  readonly metrics: RecordingMetrics;
  /** Messages with their fields, in order. */
  readonly messages: readonly LoggedMessage[];
}

export interface LoggedMessage {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Creates a writer with one receiver. It is closed at once when the test ends. */
export function setUpWriter(
  t: Test,
  overrides: RemoteWriteOverrides = {},
  options: Partial<RemoteWriterOptions> = {},
): WriterSetup {
  const receiver = new MemoryReceiver();
  const timers = new ManualTimers();
  const metrics = new RecordingMetrics();
  const { log, messages } = recordingLog();
  const writer = createRemoteWriter([remoteWriteSettings(overrides)], {
    externalLabels: Labels.EMPTY,
    version: '1.2.3',
    background: { timers, log },
    metrics,
    drainMs: 0,
    createClient: () => receiver,
    ...options,
  });
  t.teardown(async () => {
    const closed = writer.close();
    await timers.pass(0);
    await closed;
  });
  return { writer, receiver, timers, metrics, messages };
}

export function recordingLog(): { log: Log; messages: LoggedMessage[] } {
  const messages: LoggedMessage[] = [];
  const write =
    (level: LoggedMessage['level']) =>
    (fields: object, message: string): void => {
      messages.push({ level, message, fields: { ...fields } });
    };
  return { log: { info: write('info'), warn: write('warn'), error: write('error') }, messages };
}

/** A float, or a stale marker for `'stale'`. */
export function sample(
  metric: string,
  timeMs: number,
  value: number | 'stale' = 1,
  labels: Readonly<Record<string, string>> = {},
): OutgoingSample {
  return {
    labels: Labels.from({ __name__: metric, ...labels }),
    timeMs,
    value: value === 'stale' ? 0 : value,
    isStale: value === 'stale',
  };
}

/** Floats of several metrics at one time: `m0`, `m1`, … */
export function samplesAt(timeMs: number, count: number): OutgoingSample[] {
  return Array.from({ length: count }, (_, i) => sample(`m${i}`, timeMs, i));
}
