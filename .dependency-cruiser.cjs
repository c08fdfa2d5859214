// The direction of imports (ARCHITECTURE.md), checked. A folder is entered by its index.ts only.

/** Which folders of src each folder may import; a folder that is not listed may import nothing. */
const allowed = {
  model: [],
  runtime: ['model'],
  json: ['model', 'runtime'],
  config: ['model', 'runtime', 'promql/language', 'rules/template'],
  telemetry: ['rules'],
  workers: ['model', 'runtime', 'config', 'rules', 'telemetry'],
  server: [
    'model',
    'runtime',
    'promql/language',
    'config',
    'upstreams',
    'federation',
    'http',
    'rules',
    'telemetry',
    'workers',
  ],
  merge: ['model', 'runtime', 'json'],
  'promql/functions': ['model'],
  'promql/language': ['model', 'promql/functions'],
  'promql/plan': ['model', 'promql/language', 'promql/functions'],
  'promql/eval': ['model', 'runtime', 'promql/language', 'promql/functions', 'promql/plan'],
  discovery: ['model'],
  upstreams: ['model', 'runtime', 'json', 'merge', 'config', 'discovery'],
  federation: [
    'model',
    'runtime',
    'json',
    'promql/language',
    'promql/plan',
    'promql/eval',
    'merge',
    'upstreams',
  ],
  'rules/template': ['model'],
  rules: [
    'model',
    'runtime',
    'config',
    'promql/functions',
    'promql/language',
    'discovery',
    'upstreams',
    'federation',
    'rules/template',
  ],
  'rules/unit-test': [
    'model',
    'runtime',
    'json',
    'config',
    'promql/language',
    'promql/plan',
    'promql/eval',
    'upstreams',
    'federation',
    'rules',
  ],
  'rules/backfill': [
    'model',
    'runtime',
    'config',
    'promql/language',
    'promql/plan',
    'upstreams',
    'federation',
    'rules',
    'rules/unit-test',
  ],
  demo: ['model', 'runtime', 'promql/plan', 'promql/eval', 'federation', 'http', 'rules'],
  cli: [
    'model',
    'runtime',
    'json',
    'promql/language',
    'config',
    'federation',
    'rules/unit-test',
    'rules/backfill',
  ],
  http: ['model', 'runtime', 'json', 'promql/language', 'federation', 'rules'],
};

const folders = Object.keys(allowed);
const inside = (folder) => `^src/${folder}/`;
/** The patterns of a folder's nested folders that are listed themselves. */
const nested = (folder) => folders.filter((other) => other.startsWith(`${folder}/`)).map(inside);

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    ...folders.map((folder) => ({
      name: `direction-${folder.replace('/', '-')}`,
      severity: 'error',
      comment: `src/${folder} may import ${allowed[folder].join(', ') || 'nothing'} of src`,
      from: { path: inside(folder), pathNot: nested(folder) },
      to: { path: '^src/', pathNot: [folder, ...allowed[folder]].map(inside) },
    })),
    ...folders.map((folder) => ({
      name: `door-${folder.replace('/', '-')}`,
      severity: 'error',
      comment: `src/${folder} is entered by its index.ts`,
      // main.ts restarts the process before it loads anything large.
      from: {
        path: '^src/',
        pathNot: folder === 'config' ? [inside(folder), '^src/main\\.ts$'] : inside(folder),
      },
      to: { path: inside(folder), pathNot: [`^src/${folder}/index\\.ts$`, ...nested(folder)] },
    })),
    {
      name: 'main-is-the-root',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/main\\.ts$' },
      to: { path: '^src/(?:main|command-line)\\.ts$' },
    },
    {
      name: 'main-starts-fast',
      severity: 'error',
      comment: 'main.ts may restart the process, and loads little before',
      from: { path: '^src/main\\.ts$' },
      to: {
        path: '^src/',
        pathNot: '^src/(?:runtime/index|config/flags/index|command-line)\\.ts$',
      },
    },
    {
      name: 'worker-is-a-root',
      severity: 'error',
      comment: 'src/worker.ts runs in a process of its own',
      from: { path: '^src/' },
      to: { path: '^src/worker\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'workers-parse-no-configuration',
      severity: 'error',
      comment: 'the schema library costs a process 30 MB: only main.ts loads it',
      from: { path: '^src/worker\\.ts$|^src/(?:server|workers)/' },
      to: { path: '^src/config/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'product-needs-no-dev-dependency',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.mjs'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
