#!/usr/bin/env node
// The `ackstream` command: checks the runtime before any TypeScript is loaded, then hands over to the CLI.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './runtime.js';

// A checkout has the sources, and perhaps an older build of them; a published package has the build alone.
const source = join(projectRoot, 'src', 'cli', 'main.ts');
const built = join(projectRoot, 'dist', 'src', 'cli', 'main.js');
process.argv.splice(2, 0, existsSync(source) ? source : built);
await import('./with-node.js');
