import { serveProcess } from './serve-process.ts';

await serveProcess({ env: process.env, cwd: process.cwd() });
