/** The pages that begin in an empty folder. */
import { walkPages } from './walk-pages.ts';

walkPages('empty');
