/** A time of the API, such as `2026-03-01T12:00:00.000Z`, as a table has it: `2026-03-01 12:00:00`. */
export function formatTime(time: string): string {
  return time.slice(0, 'YYYY-MM-DDThh:mm:ss'.length).replace('T', ' ');
}
