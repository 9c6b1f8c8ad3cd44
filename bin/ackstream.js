#!/usr/bin/env node
// The `ackstream` command: checks the runtime before any TypeScript is loaded, then hands over to the CLI.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './runtime.js';

const built = join(projectRoot, 'dist', 'src', 'cli', 'main.js');
const entry = existsSync(built) ? built : join(projectRoot, 'src', 'cli', 'main.ts');
process.argv.splice(2, 0, entry);
await import('./with-node.js');
