// `npm start`: installs and builds what changed, then runs promfed in this same process. Without arguments that is
// the demo on embedded regions, else the arguments are promfed's own: `npm start -- --config=FILE`.
import { pathToFileURL } from 'node:url';

import { build, mainFile } from './build.mjs';
import { preflight } from './preflight.mjs';

preflight();
if (!build()) process.exit(1);

// No child process: signals from the terminal, from npm and from a supervisor reach promfed itself.
const args = process.argv.slice(2);
process.argv = [process.execPath, mainFile, ...(args.length > 0 ? args : ['demo'])];
await import(pathToFileURL(mainFile).href);
