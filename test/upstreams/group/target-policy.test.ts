// Policies and the attempts at one request to a group. The policies `failover` and `hedged` exist only in this test: they
// prove that the interface allows them.

import t from 'tap';

import { Labels, PromfedError } from '../../../src/model/index.js';
import { systemClock } from '../../../src/runtime/index.js';
import { fanOut } from '../../../src/upstreams/group/fan-out.js';
import { ALL_TARGETS, type TargetPolicy } from '../../../src/upstreams/group/target-policy.js';
import { Target } from '../../../src/upstreams/http/target.js';
import { fetchContext, groupSettings } from '../settings.js';

const failover: TargetPolicy = {
  async run(attempts) {
    for (let i = 0; i < attempts.targetCount; i++) if (await attempts.attempt(i)) return;
  },
};

/** The second target is queried when the first one takes longer than 20 ms. */
const hedged: TargetPolicy = {
  async run(attempts) {
    const first = attempts.attempt(0);
    const result = await Promise.race([
      first,
      new Promise<'delayed'>((resolve) => setTimeout(resolve, 20, 'delayed')),
    ]);
    if (result === true) return;
    const second = attempts.attempt(1);
    if (!(await Promise.race([first, second]))) await Promise.all([first, second]);
  },
};

type Behaviour = 'answers' | 'fails' | 'hangs' | 'fatal';

interface Result {
  /** Positions of the targets whose answers are used, or the error's message. */
  readonly answers: readonly number[] | string;
  readonly warnings: readonly string[];
  /** Positions of the targets that were queried, and of those whose attempt was aborted. */
  readonly queried: readonly number[];
  readonly aborted: readonly number[];
  readonly discarded: readonly number[];
}

async function run(policy: TargetPolicy, behaviours: readonly Behaviour[]): Promise<Result> {
  const names = behaviours.map((_, i) => `target-${i}:1`);
  const settings = groupSettings(names);
  const targets = names.map(
    (name) => new Target(name, settings, { clock: systemClock, version: '1' }, undefined),
  );
  const group = {
    name: 'eu',
    labels: Labels.EMPTY,
    targets,
    policy,
    antiAffinity: undefined,
    clock: systemClock,
    limits: { maxResponseBytes: 1, maxMetadataBytes: 1 },
    allowsLossyHistograms: false,
    redact: (text: string) => text,
  };
  const queried: number[] = [];
  const aborted: number[] = [];
  const discarded: number[] = [];
  const request = fanOut(
    group,
    fetchContext(),
    (target, scope) => {
      const position = targets.indexOf(target);
      queried.push(position);
      return new Promise<number>((resolve, reject) => {
        const abort = (reason: PromfedError): void => {
          aborted.push(position);
          reject(reason);
        };
        if (scope.reason !== undefined) abort(scope.reason);
        scope.run({ abort });
        switch (behaviours[position]!) {
          case 'answers':
            resolve(position);
            break;
          case 'fails':
            reject(new PromfedError('upstream', 'connection refused'));
            break;
          case 'fatal':
            reject(new PromfedError('execution', 'many-to-many'));
            break;
          case 'hangs':
            break;
        }
      });
    },
    (position) => discarded.push(position),
  );
  const result = await request.then(
    ({ answers, failures }) => ({ answers: answers.map(({ value }) => value), warnings: failures.warnings }),
    (error: unknown) => ({ answers: (error as Error).message, warnings: [] }),
  );
  await Promise.all(targets.map((target) => target.close()));
  return { ...result, queried, aborted, discarded };
}

const cases: { name: string; policy: TargetPolicy; targets: Behaviour[]; expected: Partial<Result> }[] = [
  {
    name: 'all: every target is queried, and every answer is used',
    policy: ALL_TARGETS,
    targets: ['answers', 'answers'],
    expected: { answers: [0, 1], queried: [0, 1], warnings: [], aborted: [] },
  },
  {
    name: 'all: one answer suffices, and a failed target is a warning',
    policy: ALL_TARGETS,
    targets: ['fails', 'answers'],
    expected: {
      answers: [1],
      warnings: ['server group "eu": target target-0:1: connection refused'],
    },
  },
  {
    name: 'all: without an answer the error names every target',
    policy: ALL_TARGETS,
    targets: ['fails', 'fails'],
    expected: {
      answers:
        'server group "eu": target target-0:1: connection refused; target target-1:1: connection refused',
    },
  },
  {
    name: 'all: a fatal error aborts the other attempts and discards the answers',
    policy: ALL_TARGETS,
    targets: ['answers', 'hangs', 'fatal'],
    expected: { answers: 'many-to-many', aborted: [0, 1], discarded: [0] },
  },
  {
    name: 'failover: the second target is not queried when the first answers',
    policy: failover,
    targets: ['answers', 'answers'],
    expected: { answers: [0], queried: [0], warnings: [] },
  },
  {
    name: 'failover: the next target is queried after a failure',
    policy: failover,
    targets: ['fails', 'answers', 'answers'],
    expected: {
      answers: [1],
      queried: [0, 1],
      warnings: ['server group "eu": target target-0:1: connection refused'],
    },
  },
  {
    name: 'failover: the next target is not queried after a fatal error',
    policy: failover,
    targets: ['fatal', 'answers'],
    expected: { answers: 'many-to-many' },
  },
  {
    name: 'hedged: the second target is not queried when the first answers in time',
    policy: hedged,
    targets: ['answers', 'answers'],
    expected: { answers: [0], queried: [0] },
  },
  {
    name: 'hedged: the slower target is aborted without a warning',
    policy: hedged,
    targets: ['hangs', 'answers'],
    expected: { answers: [1], queried: [0, 1], aborted: [0], warnings: [] },
  },
];
for (const { name, policy, targets, expected } of cases) {
  t.test(name, async (t) => {
    t.match(await run(policy, targets), expected);
  });
}
