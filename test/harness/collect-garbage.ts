import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

/** Frees at once what nothing refers to, so that what is held can be told from what V8 has not got round to. */
export const collectGarbage = runInNewContext('gc') as () => void;
