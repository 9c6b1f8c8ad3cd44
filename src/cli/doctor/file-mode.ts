/** Any right of the group or of others. */
const FOREIGN_RIGHTS = 0o077;

/** Whether the mode of a file gives others than its owner any right. */
export function isOpenToOthers(mode: number): boolean {
  return (mode & FOREIGN_RIGHTS) !== 0;
}

/** The rights of a mode as `chmod` takes them. */
export function modeText(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0');
}
