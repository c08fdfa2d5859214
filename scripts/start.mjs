// `npm start`: installs packages and builds when needed, then runs promfed in this process. Arguments are passed to
// promfed: `npm start -- --config=FILE`. The default is the demo with embedded regions.
import { pathToFileURL } from 'node:url';

import { build, mainFile } from './build.mjs';
import { preflight } from './preflight.mjs';

preflight();
if (!build()) process.exit(1);

// Without a child process, signals from the terminal, npm or a supervisor reach promfed itself.
const args = process.argv.slice(2);
process.argv = [process.execPath, mainFile, ...(args.length > 0 ? args : ['demo'])];
await import(pathToFileURL(mainFile).href);
