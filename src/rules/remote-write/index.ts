export { openDiskJournal } from './journal/disk-journal.js';
export type { SampleJournal } from './journal/journal.js';
export type { DropReason, QueueLimits, QueueMetrics, RemoteWriteMetrics, SampleCounts } from './metrics.js';
export { createRemoteWriter, type RemoteWriter, type RemoteWriterOptions } from './remote-writer.js';
