/** The pages that begin in a fresh clone. */
import { walkPages } from './walk-pages.ts';

walkPages('clone');
