import { describe, expect, it } from 'vitest';
import { apiUnderTest, bodyOf, NOW } from './api-under-test.ts';

describe('GET /api/circuits', () => {
  it('lists the circuits that are not closed', async () => {
    const circuit = {
      origin: 'https://receiver.example',
      state: 'half-open',
      since: NOW,
      nextProbeAt: null,
      consecutiveFailures: 6,
      lastFailure: 'HTTP 503',
    } as const;
    const { app } = apiUnderTest({ circuits: { list: () => [circuit], of: () => null } });
    expect(await bodyOf(await app.request('/api/circuits'))).toEqual({
      items: [
        {
          origin: 'https://receiver.example',
          state: 'half-open',
          since: '2026-03-01T12:00:00.000Z',
          next_probe_at: null,
          consecutive_failures: 6,
          last_failure: 'HTTP 503',
        },
      ],
    });
  });
});
