import { readProjectFiles } from '../repo/project-files.ts';
import { type DocumentedCommand, readPage } from './read-page.ts';

/** The pages of which every command is run: all but the reference, which is what `--help` says. */
export const pages = readProjectFiles('', /^(?:README|docs\/(?!cli-reference).*)\.md$/);

/** The commands of a page, in order. */
export const commandsOf = (markdown: string): DocumentedCommand[] =>
  readPage(markdown).flatMap((step) => (step.kind === 'type' ? step.commands : []));
