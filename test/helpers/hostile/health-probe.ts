// Requests /-/healthy all the time, from a thread of its own: work of the test must not delay the requests.

import { Agent, get } from 'node:http';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const INTERVAL_MS = 20;

/** Time that the work of `calibrate` takes on the idle machine on which the limits were chosen. */
const CALIBRATION_MS = 8;

export interface Health {
  /** The longest time that an answer took, in milliseconds, without the time for which the probe itself was suspended. */
  readonly worstMs: number;
  readonly answers: number;
  /** Descriptions of requests without an answer of 200. */
  readonly failures: readonly string[];
  /** How much slower this machine is than the one on which the limits hold; at least 1. */
  readonly slowness: number;
}

/** Starts to probe. The returned function ends it. */
export function startHealthProbe(url: string): () => Promise<Health> {
  const thread = new Worker(new URL(import.meta.url), { workerData: { url } satisfies ProbeData });
  const ended = new Promise<Health>((resolve, reject) => {
    thread.once('message', resolve);
    thread.once('error', reject);
  });
  return () => {
    thread.postMessage('end');
    return ended;
  };
}

interface ProbeData {
  readonly url: string;
}

if (!isMainThread && parentPort !== null) probe((workerData as ProbeData).url);

function probe(url: string): void {
  // Connections stay open, so that they exist before an attack on the number of connections.
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  let worstMs = 0;
  let answers = 0;
  let open = 0;
  let isEnding = false;
  const failures: string[] = [];
  // The highest of all: the machine may be slow for a part of the time only.
  let slowness = calibrate();
  let ticks = 0;
  let expectedAtMs = performance.now() + INTERVAL_MS;
  /** Time for which this thread itself did not run, since it started. */
  let suspendedMs = 0;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    suspendedMs += Math.max(0, nowMs - expectedAtMs);
    expectedAtMs = nowMs + INTERVAL_MS;
    if (++ticks % 50 === 0) slowness = Math.max(slowness, calibrate());
    if (open < 10) send();
  }, INTERVAL_MS);
  parentPort!.once('message', () => {
    isEnding = true;
    clearInterval(timer);
    finish();
  });

  function send(): void {
    open++;
    const startMs = performance.now();
    const suspendedBeforeMs = suspendedMs;
    const end = (failure?: string): void => {
      open--;
      if (failure !== undefined) failures.push(failure);
      else answers++;
      const waitedMs = performance.now() - startMs - (suspendedMs - suspendedBeforeMs);
      worstMs = Math.max(worstMs, waitedMs);
      finish();
    };
    get(`${url}/-/healthy`, { agent }, (response) => {
      response.resume();
      response.once('end', () => {
        end(response.statusCode === 200 ? undefined : `status ${response.statusCode}`);
      });
    }).once('error', (error) => {
      end(error.message);
    });
  }

  function finish(): void {
    if (!isEnding || open > 0) return;
    parentPort!.postMessage({ worstMs, answers, failures, slowness } satisfies Health);
    parentPort!.close();
    agent.destroy();
  }
}

/** Returns the wall time of a fixed amount of work, relative to an idle machine. */
function calibrate(): number {
  const startMs = performance.now();
  let hash = 1;
  for (let i = 0; i < 5_000_000; i++) hash = (Math.imul(hash, 31) + i) | 0;
  if (hash === 0) return 1;
  return Math.max(1, (performance.now() - startMs) / CALIBRATION_MS);
}
