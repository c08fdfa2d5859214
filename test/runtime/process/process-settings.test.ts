import t from 'tap';

import {
  budgetOfProcess,
  nodeFlags,
  oldSpaceLimit,
  outgrowsMemory,
  planProcesses,
} from '../../../src/runtime/index.js';

const MB = 2 ** 20;
const GB = 2 ** 30;
const ALL = { unit: 'share', value: 1 } as const;

function plan(megabytes: number, workers?: number, cores = 4): ReturnType<typeof planProcesses> {
  const memory = { unit: 'bytes', value: megabytes * MB } as const;
  return planProcesses({ machineBytes: 64 * GB, cores, memory, workers });
}

t.test('memory is divided among the workers, beside a supervisor', async (t) => {
  t.match(plan(512), { workers: 1, limitBytes: 512 * MB });
  t.match(plan(1024), { workers: 2, limitBytes: 448 * MB });
  t.match(plan(8192, 3), { workers: 3, limitBytes: Math.floor((8064 * MB) / 3) });
  for (const cores of [1, 2, 3]) t.match(plan(8192, undefined, cores), { workers: 1, limitBytes: 8192 * MB });
  const share = { unit: 'share', value: 0.5 } as const;
  t.match(planProcesses({ machineBytes: GB, cores: 1, memory: share, workers: 1 }), { limitBytes: 512 * MB });
});

function valueOf(flags: readonly string[], name: string): number {
  return Number(flags.find((flag) => flag.startsWith(`--${name}=`))!.split('=')[1]);
}

t.test('the heap of each serving process holds its budget, and ends before its memory does', async (t) => {
  for (const megabytes of [256, 384, 512, 1024, 4096, 65_536]) {
    for (const workers of [1, 2, 8]) {
      const processes = plan(megabytes, workers);
      const flags = nodeFlags(processes, 'server', []);
      const oldMegabytes = valueOf(flags, 'max-old-space-size');
      const young = 3 * valueOf(flags, 'max-semi-space-size');
      const { budgetBytes } = budgetOfProcess(processes.limitBytes, ALL, oldMegabytes * MB);
      t.ok(
        budgetBytes < 0.8 * oldMegabytes * MB,
        `${megabytes} MB: budget ${budgetBytes}, heap ${oldMegabytes} MB`,
      );
      // Smaller processes cannot serve anyway.
      if (processes.limitBytes < 256 * MB) continue;
      const megabytesInUse = 96 + oldMegabytes + young + (1.4 * budgetBytes) / MB;
      const limit = processes.limitBytes / MB;
      t.ok(
        megabytesInUse <= limit + 1 && megabytesInUse > limit - 1,
        `${limit} MB: the runtime, the heap and buffers take ${megabytesInUse} MB`,
      );
    }
  }
});

t.test('flags of the user win', async (t) => {
  const both = nodeFlags(plan(512), 'server', []);
  t.same(
    both.map((flag) => flag.split('=')[0]),
    ['--max-old-space-size', '--max-semi-space-size'],
  );
  for (const given of [
    '--max-old-space-size=256',
    '--max_old_space_size=256',
    '--max-heap-size=300',
    '--max-old-space-size-percentage=50',
  ])
    t.same(nodeFlags(plan(512), 'server', ['--inspect', given]), [both[1]], given);
  t.same(nodeFlags(plan(512), 'server', ['--max_semi_space_size=32']), [both[0]]);
  t.same(nodeFlags(plan(512), 'server', ['--max-old-space-size=9', '--max-semi-space-size=1']), []);
  t.equal(both[1], '--max-semi-space-size=16');
  t.equal(nodeFlags(plan(256), 'server', [])[1], '--max-semi-space-size=8', 'less in a small process');
  t.same(nodeFlags(plan(4096, 2), 'supervisor', []), ['--max-old-space-size=1024']);
});

t.test('the budget fits into a heap that the user has made smaller, and beside a larger one', async (t) => {
  const budgetOf = (oldSpace: number): number =>
    budgetOfProcess(512 * MB, ALL, oldSpace * MB).budgetBytes / MB;
  t.equal(Math.round(budgetOf(191)), 126);
  t.equal(Math.round(budgetOf(256)), 80, 'less is left for buffers');
  t.equal(Math.round(budgetOf(4096)), 63);
  t.equal(Math.round(budgetOf(128)), 77);
  t.equal(budgetOf(32), 16, 'no less than a query needs');
  const { perQueryBytes } = budgetOfProcess(512 * MB, { unit: 'share', value: 0.5 }, 128 * MB);
  t.equal(Math.round(perQueryBytes / MB), 38);
});

t.test('the limit on the old generation is that on the heap without the young generation', async (t) => {
  t.equal(oldSpaceLimit(448 * MB, ['--max-semi-space-size=64']), 256 * MB);
  t.equal(oldSpaceLimit(448 * MB, ['--max-semi-space-size=64', '--max_semi_space_size=32']), 352 * MB);
  t.equal(oldSpaceLimit(304 * MB, ['--max-old-space-size=256']), 256 * MB);
});

t.test(
  'a process outgrows its memory when its heap may be larger and the user has not said so',
  async (t) => {
    t.ok(outgrowsMemory(plan(512), 4 * GB, []));
    t.notOk(outgrowsMemory(plan(512), 4 * GB, ['--max-old-space-size=4096']));
    t.notOk(outgrowsMemory(plan(512), 4 * GB, ['--max-semi-space-size=4']));
    t.notOk(outgrowsMemory(plan(65_536), 4 * GB, []));
  },
);
