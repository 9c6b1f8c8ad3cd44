import { expect, it } from 'vitest';
import type { LogEvent, LogFields } from '../../src/model/logger.ts';
import { setRunStage } from './run-stage.ts';

it('is failed by what should not be, which is logged with where it was met', async () => {
  const { run } = await setRunStage({ recordCount: 1 });
  const errors: { readonly event: LogEvent; readonly fields: LogFields | undefined }[] = [];
  const logger = {
    debug() {},
    info() {},
    warn() {},
    error: (event: LogEvent, fields?: LogFields) => void errors.push({ event, fields }),
  };
  const isUntouched = () => Promise.reject(new TypeError('undefined is not a function'));
  expect(await run({ logger, isUntouched })).toMatchObject({ status: 'FAILED', lastError: { code: 'INTERNAL' } });
  expect(errors.map(({ event }) => event)).toEqual(['run.failed', 'ingestion.failed']);
  expect(errors[0]?.fields?.caused_by).toContain('TypeError: undefined is not a function\n    at');
});
