/** The words of the box in the form that has a feed delivered anew. */
export const FROM_ITS_START = 'Deliver it from its start';

/**
 * What the service says to do, in words of the page where it names fields and options of requests.
 * @param {string} remedy
 */
export function remedyText(remedy) {
  return remedy
    .replace(/(?:(Send|send|say|with) )?`re_ingestion: true` \(`--re-ingest`\)/, (_all, verb) => {
      const tick = verb === 'Send' ? 'Tick' : verb === 'with' ? 'and tick' : 'tick';
      return `${tick} “${FROM_ITS_START}” in the form`;
    })
    .replaceAll(/ \((?:`\w+`, )?`--[^`]+`\)/g, '');
}
