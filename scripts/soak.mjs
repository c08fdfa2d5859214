// `npm run soak`: builds promfed, then runs mixed load on it for ten minutes (bench/soak), or for PROMFED_SOAK_SECONDS.
// Exits with 1 when a resource grew or a response was wrong.
import { outputOf } from './compile.mjs';
import { prepareBench, runNode } from './prepare-bench.mjs';

await prepareBench();
const result = runNode(['--enable-source-maps', outputOf('bench/soak/mixed-load.soak.ts')]);
process.exitCode = result.signal === null ? result.status : 130;
