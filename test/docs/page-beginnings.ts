/** What the readers of pages have before they begin; see walk-pages.ts. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PythonStateRow, writePythonState } from '../harness/python-state.ts';
import { readProjectFile } from '../repo/project-files.ts';
import { TOKEN_OF_THE_WALK } from './not-run.ts';
import type { PageWorld } from './page-world.ts';
import { readFences } from './read-page.ts';

/** What a page's reader has already, where that is more than a fresh clone. */
interface Beginning {
  readonly world?: 'empty';
  readonly commands?: string;
  readonly prepare?: (world: PageWorld) => void;
}

const FEEDS_AT_SERVICE = `mkdir /srv/feeds
cp fixtures/demo/products.json /srv/feeds
npm run mock-receiver -- --port 9000
ACKSTREAM_SOURCE_ROOTS=/srv/feeds npm start`;
/** As many as docs/upgrade.md shows. */
const PYTHON_STATE: readonly PythonStateRow[] = Array.from({ length: 215 }, (_, index) => ({
  id: index.toString(16).padStart(64, '0'),
  lastChunk: 3,
  records: 2000,
  status: index < 212 ? 'COMPLETED' : 'IN_PROGRESS',
}));
const leavePythonState = ({ localize }: PageWorld) => {
  const folder = localize('/srv/old/app/ingestion_state_data');
  mkdirSync(folder, { recursive: true });
  writePythonState(join(folder, 'ingestion_state.db'), PYTHON_STATE);
};
const leaveFilesOfCommands = ({ folder, localize }: PageWorld) => {
  writePythonState(join(folder, 'ingestion_state.db'), []);
  const [delivery] = readFences(readProjectFile('docs/cli.md')).filter(({ language }) => language === 'json');
  writeFileSync(join(folder, 'delivery.json'), localize(delivery?.code ?? ''));
};

/** By page. */
export const BEGINNINGS: Readonly<Record<string, Beginning>> = {
  'docs/api.md': { commands: FEEDS_AT_SERVICE },
  'docs/back-up.md': {
    world: 'empty',
    commands: `ackstream serve
ackstream receiver --port 9000
ackstream generate --format json --records 100 --out early.json
ackstream generate --format json --records 100 --out products.json
ackstream ingest early.json --callback http://127.0.0.1:9000/callback
ackstream backup /backups/ackstream-2026-03-01.db`,
  },
  'docs/cli.md': { world: 'empty', prepare: leaveFilesOfCommands },
  'docs/deploy.md': { commands: FEEDS_AT_SERVICE.replace('npm start', `ACKSTREAM_API_TOKEN=${TOKEN_OF_THE_WALK} $&`) },
  'docs/stuck-delivery.md': {
    world: 'empty',
    commands: `ackstream serve
ackstream receiver --port 9000
ackstream generate --format json --records 2000 --out products.json
curl -s -X PUT http://127.0.0.1:9000/faults -d '[{"fault": "status", "status": 503, "body": "maintenance until 3 am", "chunk": 3}]'
ackstream ingest products.json --callback http://127.0.0.1:9000/callback --chunk-records 100 --no-wait`,
  },
  'docs/upgrade.md': { world: 'empty', prepare: leavePythonState },
  'docs/write-a-receiver.md': { commands: 'cp examples/receivers/* .' },
};
