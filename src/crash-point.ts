/**
 * Named places at which a test may kill the process, to prove that nothing is lost there. Inert unless armed: the test starts
 * the process with `ACKSTREAM_CRASH_AT=<point>` or `<point>:<n>` (the n-th time it is passed, from 1).
 */
export const CRASH_POINTS = [
  'before-plan',
  'planned-not-sent',
  'attempt-begun-not-sent',
  'sent-not-acked',
  'acked-not-committed',
  'committed',
  'before-completed',
  'completed-not-committed',
  'after-completed',
] as const;

/** One of {@link CRASH_POINTS}. */
export type CrashPoint = (typeof CRASH_POINTS)[number];

let armedPoint: CrashPoint | undefined;
let passesLeft = 0;

/**
 * Arms one crash point for this process. Called by the process's entry alone.
 * @param setting `<point>` or `<point>:<n>`; undefined leaves all inert. A name that does not exist throws, so that a test cannot
 * pass by never crashing.
 */
export function armCrashPoint(setting: string | undefined): void {
  if (setting === undefined) return;
  const [name, count = '1'] = setting.split(':');
  const point = CRASH_POINTS.find((candidate) => candidate === name);
  if (point === undefined || !/^[1-9]\d*$/.test(count)) throw new Error(`no crash point ${setting}`);
  armedPoint = point;
  passesLeft = Number(count);
}

/** Ends the process at once, as `kill -9` does, if this point is armed and its time has come. */
export function crashPoint(point: CrashPoint): void {
  if (point !== armedPoint) return;
  passesLeft -= 1;
  if (passesLeft === 0) process.kill(process.pid, 'SIGKILL');
}
