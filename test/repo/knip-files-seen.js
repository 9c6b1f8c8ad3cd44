// A reporter for knip: how many files it analysed, and a failure where that is too few to mean anything.
const FEWEST_FILES = 200;

/**
 * @param {{ counters: { total: number } }} options
 */
export default ({ counters }) => {
  console.log(`knip: ${counters.total} files seen`);
  if (counters.total >= FEWEST_FILES) return;
  console.error(`knip: fewer than ${FEWEST_FILES} files: knip.json looks past the code`);
  process.exitCode = 1;
};
