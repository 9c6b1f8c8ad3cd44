/** So long nothing more is said: what changes all the time must not drown everything else. */
const QUIET_MS = 5000;

/**
 * Says things to those who do not see the page: of what comes too fast only the last.
 * @param {HTMLElement} place a live region
 * @returns {(text: string) => void}
 */
export function createAnnouncer(place) {
  let quietUntil = 0;
  let timer = 0;
  return (text) => {
    clearTimeout(timer);
    timer = setTimeout(
      () => {
        quietUntil = Date.now() + QUIET_MS;
        place.textContent = text;
      },
      Math.max(0, quietUntil - Date.now()),
    );
  };
}
