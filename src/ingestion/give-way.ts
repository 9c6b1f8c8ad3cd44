import { getPriority, setPriority } from 'node:os';

/**
 * Added to the niceness: a thirtieth of the weight in Linux' scheduler. What 19 gains beyond it is small, and where other programs take all cores reading would hardly go on
 * (bench/README.md).
 */
const READING_NICENESS = 15;
const MAX_NICENESS = 19;

let hasGivenWay = false;

/**
 * Lets the thread that calls it give way to all others. Reading ahead can wait, and stops where it is far enough; what the main thread does not send, commit and answer in time
 * makes all of them wait. For good: a claim that was given up cannot be taken back without privilege. On Linux alone: elsewhere there is one priority for the whole process.
 */
export function giveWay(): void {
  if (process.platform !== 'linux' || hasGivenWay) return;
  hasGivenWay = true;
  try {
    setPriority(Math.min(getPriority() + READING_NICENESS, MAX_NICENESS));
  } catch {
    // Where a sandbox forbids it, threads are as equal as ever.
  }
}
