import { expect } from 'vitest';
import type { ApiClient } from '../harness/api-client.ts';
import { parseMetrics, type Sample } from './parse-metrics.ts';

/** What a scraper gets of a service. */
export async function scrape(api: ApiClient, headers: Record<string, string> = {}): Promise<Sample[]> {
  const { status, headers: answered, body } = await api.callForText('GET', '/metrics', undefined, headers);
  expect(status).toBe(200);
  expect(answered['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  return parseMetrics(body);
}
