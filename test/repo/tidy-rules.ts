import type { ProjectFile } from './project-files.ts';

const MAX_SHOWN_LENGTH = 120;

/** The lines that a pattern matches, as `path:line: text`. */
export function findLines(files: readonly ProjectFile[], pattern: RegExp): string[] {
  return files.flatMap((file) =>
    file.text
      .split('\n')
      .flatMap((line, index) =>
        pattern.test(line) ? [`${file.path}:${index + 1}: ${line.trim().slice(0, MAX_SHOWN_LENGTH)}`] : [],
      ),
  );
}

/** Files longer than `maxLines`, with their length. */
export function findLongFiles(files: readonly ProjectFile[], maxLines: number): string[] {
  return files.flatMap((file) => {
    const lineCount = file.text.replace(/\n$/, '').split('\n').length;
    return lineCount > maxLines ? [`${file.path} has ${lineCount} lines`] : [];
  });
}

/** Names of folders and files in lower case with hyphens; dots part the kind (`.test`, `.config`) from the name. */
const KEBAB_CASE_PATH = /^(?:[a-z0-9]+(?:-[a-z0-9]+)*\/)*[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+)+$/;

/** Files whose path is not in kebab case. */
export function findMisnamedFiles(files: readonly ProjectFile[]): string[] {
  return files.map((file) => file.path).filter((path) => !KEBAB_CASE_PATH.test(path));
}

const EXPORTED_DECLARATION = /^export (?:async )?(?:abstract )?(?:function\*?|class|interface|type) (\w+)/;

/** Exported functions, classes, interfaces and types without a docstring that ends on the line directly above. */
export function findUndocumentedExports(files: readonly ProjectFile[]): string[] {
  return files.flatMap((file) => {
    const lines = file.text.split('\n');
    return lines.flatMap((line, index) => {
      const name = EXPORTED_DECLARATION.exec(line)?.[1];
      return name === undefined || endsDocstring(lines, index - 1) ? [] : [`${file.path}:${index + 1}: ${name}`];
    });
  });
}

function endsDocstring(lines: readonly string[], index: number): boolean {
  if (lines[index]?.endsWith('*/') !== true) return false;
  const opening = lines.slice(0, index + 1).findLast((line) => line.startsWith('/*'));
  return opening?.startsWith('/**') === true;
}
