// Replicas that freeze, are cut off, restart and lose replies at random times: no group is evaluated twice.

import fc from 'fast-check';
import t from 'tap';

import { randomRuns, randomSeed } from '../../helpers/random-runs.js';
import { ManualTimers } from '../../helpers/runtime/manual-timers.js';
import {
  LEASE_MS,
  SharedRecord,
  sharedTwice,
  SimulatedReplica,
} from '../../helpers/rules/election/simulation.js';

const GROUPS = Array.from({ length: 9 }, (_, i) => `rules.yaml;group-${i}`);

interface Fault {
  readonly replica: number;
  readonly kind: 'freeze' | 'partition' | 'lose replies' | 'kill' | 'stop' | 'lose data';
  readonly afterMs: number;
  readonly forMs: number;
}

const fault: fc.Arbitrary<Fault> = fc.record({
  replica: fc.nat({ max: 2 }),
  kind: fc.constantFrom('freeze', 'partition', 'lose replies', 'kill', 'stop', 'lose data'),
  afterMs: fc.integer({ min: 0, max: 2 * LEASE_MS }),
  forMs: fc.integer({ min: 1, max: 3 * LEASE_MS }),
});

class Run {
  readonly timers = new ManualTimers();
  readonly record = new SharedRecord();
  readonly all: SimulatedReplica[] = [];
  readonly running: SimulatedReplica[] = [];
  /** Those that were killed or stopped. */
  readonly #ended = new Set<SimulatedReplica>();
  readonly #rates: readonly number[];
  readonly #random: () => number;

  constructor(rates: readonly number[], random: () => number) {
    this.#rates = rates;
    this.#random = random;
    for (let i = 0; i < rates.length; i++) this.start(i);
  }

  start(position: number): void {
    const replica = new SimulatedReplica(`replica-${this.all.length}`, this.record, this.timers, {
      rate: this.#rates[position]!,
      random: this.#random,
    });
    // Evaluations end some time after the loss of their lease.
    replica.elector.onChange(
      () => new Promise((resolve) => this.timers.schedule(this.#random() * LEASE_MS, resolve)),
    );
    this.all.push(replica.start(GROUPS));
    this.running[position] = replica;
  }

  inject({ replica: position, kind, forMs }: Fault): void {
    const replica = this.running[position]!;
    if (this.#ended.has(replica)) return;
    if (kind === 'kill' || kind === 'stop') this.#ended.add(replica);
    const later = (end: () => void): void => void this.timers.schedule(forMs, end);
    switch (kind) {
      case 'freeze':
        replica.freeze();
        later(() => {
          if (!this.#ended.has(replica)) replica.resume();
        });
        return;
      case 'partition':
        replica.isPartitioned = true;
        later(() => {
          replica.isPartitioned = false;
        });
        return;
      case 'lose replies':
        replica.losesReplies = true;
        later(() => {
          replica.losesReplies = false;
        });
        return;
      case 'kill':
        // Its leases still count: a message that it has sent may arrive until their end.
        replica.freeze();
        later(() => {
          this.start(position);
        });
        return;
      case 'stop':
        void replica.elector.close();
        later(() => {
          this.start(position);
        });
        return;
      case 'lose data':
        this.record.rollBack(1_000);
    }
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) {
      await this.timers.pass(Math.min(100, ms - passed));
      const twice = sharedTwice(this.all, GROUPS);
      if (twice.length > 0) throw new Error(`two replicas evaluate ${twice.join(', ')}`);
    }
  }
}

t.test('no group is evaluated twice, and in the end each one is evaluated', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fault, { minLength: 1, maxLength: 8 }),
      fc.array(fc.double({ min: 0.97, max: 1.03, noNaN: true }), { minLength: 3, maxLength: 3 }),
      fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
      async (faults, rates, numbers) => {
        const run = new Run(rates, () => numbers.next().value as number);
        await run.pass(2 * LEASE_MS);
        for (const one of faults) {
          run.inject(one);
          await run.pass(one.afterMs);
        }
        await run.pass(12 * LEASE_MS);
        const counts = run.running.map((replica) => replica.held(GROUPS).length);
        t.equal(
          counts.reduce((sum, count) => sum + count),
          GROUPS.length,
          JSON.stringify(counts),
        );
        if (Math.max(...counts) - Math.min(...counts) > 1) throw new Error(`uneven: ${counts.join(' ')}`);
      },
    ),
    { numRuns: randomRuns(25), seed: randomSeed() },
  );
});
