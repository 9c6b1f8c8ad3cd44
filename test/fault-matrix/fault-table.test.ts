import { describe, expect, it } from 'vitest';
import { readProjectFile } from '../repo/project-files.ts';
import { FAULT_GROUPS } from './faults.ts';
import { renderFaultTable } from './render-fault-table.ts';

describe('the fault matrix', () => {
  it('has the faults that are to be expected of the world', () => {
    const { statuses, connections, bodies } = FAULT_GROUPS;
    expect([statuses, connections, bodies].map(({ faults }) => faults.length)).toEqual([34, 16, 14]);
    const names = Object.values(FAULT_GROUPS).flatMap(({ faults }) => faults.map(({ name }) => name));
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(Object.values(FAULT_GROUPS))('is what docs/receiver-faults.md shows: $title', (group) => {
    // In full, so that a failure shows what belongs there.
    expect(readProjectFile('docs/receiver-faults.md')).toContain(renderFaultTable(group));
  });
});
