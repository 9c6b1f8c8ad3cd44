/** The service, as `npm start` runs it: `ackstream serve`. */
import { runProcess } from './cli/run-process.ts';

await runProcess(['serve', ...process.argv.slice(2)], process.env);
