import { join } from 'node:path';
import { openSqliteStateStore } from '../../src/state/sqlite-state-store.ts';
import { describeStateStore } from '../contracts/state-store-suite.ts';
import { temporaryFolder } from './temporary-folder.ts';

describeStateStore('SQLite', async () => {
  const folder = temporaryFolder();
  const path = join(folder.path, 'data', 'state.sqlite');
  let store = openSqliteStateStore({ path });
  return {
    get store() {
      return store;
    },
    async reopen() {
      await store.close();
      store = openSqliteStateStore({ path });
      return store;
    },
    async close() {
      await store.close();
      folder.remove();
    },
  };
});
