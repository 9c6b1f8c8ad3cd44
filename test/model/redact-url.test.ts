import { describe, expect, it } from 'vitest';
import { redactUrl } from '../../src/model/redact-url.ts';

describe('a redacted URL', () => {
  it.each([
    ['https://receiver.example/callback', 'https://receiver.example/callback'],
    ['https://user:secret@receiver.example/a', 'https://…@receiver.example/a'],
    ['https://receiver.example/a?token=secret&x', 'https://receiver.example/a?…'],
    ['https://receiver.example/a#secret', 'https://receiver.example/a?…'],
    ['user:secret@receiver.example', '…@receiver.example'],
    ['//user:s@ecret@receiver.example', '//…@receiver.example'],
    ['postgres://user:secret@db/x', 'postgres://…@db/x'],
    ['a\n?secret\nsecret', 'a\n?…'],
  ])('of %j is %j', (url, redacted) => {
    expect(redactUrl(url)).toBe(redacted);
  });
});
